package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/internal/conform"
	"github.com/ouronet/ouronet/internal/testing/clitest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testnode"
	"github.com/ouronet/ouronet/node"
)

// output runs a command line.
func output(t *testing.T, line string) (out, errs string, exit int) {
	t.Helper()
	var a, b bytes.Buffer
	exit = run(t.Context(), strings.Fields(line), &a, &b)
	return a.String(), b.String(), exit
}

func TestGraph(t *testing.T) {
	for _, test := range []struct {
		line, want string
	}{
		{"graph " + graph.Examples[0], "StIdle --> StCanAwait: MsgRequestNext"},
		{"graph", "%% peer-sharing\nstateDiagram-v2"},
		{"graph -format dot keep-alive block-fetch", `digraph "block-fetch" {`},
		{"graph -format markdown", "## What is asked for"},
	} {
		out, errs, exit := output(t, test.line)
		if exit != 0 || !strings.Contains(out, test.want) {
			t.Errorf("%s: %s, without %q:\n%s", test.line, errs, test.want, out)
		}
	}
}

// The document is what the command in it prints.
func TestGraphWritesDocument(t *testing.T) {
	want, err := os.ReadFile("../../docs/protocols.md")
	if err != nil {
		t.Fatal(err)
	}
	if out, errs, exit := output(t, "graph -format markdown"); exit != 0 || out != string(want) {
		t.Errorf("docs/protocols.md differs from what is printed (%s)", errs)
	}
}

// The JSON is a table that the Spec equals.
func TestGraphJSON(t *testing.T) {
	out, errs, exit := output(t, "graph -format json")
	if exit != 0 {
		t.Fatal(errs)
	}
	var tables []conformance.Table
	if err := json.Unmarshal([]byte(out), &tables); err != nil {
		t.Fatal(err)
	}
	for i, spec := range conformance.Protocols() {
		if err := conformance.Compare(spec, tables[i]); err != nil {
			t.Error(err)
		}
	}
}

// The suite says so when it finds nothing, and when it finds something.
func TestConform(t *testing.T) {
	for _, test := range []struct {
		name  string
		limit int // times the right one
		want  string
		err   error
	}{
		{"sound", 1, " 0 departures", nil},
		{"large messages", 10, " 1 departures", errDeparts},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				specs := node.NewSpecs()
				specs.ChainSync.States[0].Limit *= test.limit
				chain := chaintest.New(chaintest.Config{}).Grow(5)
				memory := new(testnode.Net)
				nodetest.Serve(t, memory.Listen("node"), node.Config{Network: chaintest.Network(), Specs: specs, Sources: chain.Sources()})
				var out strings.Builder
				err := look(t.Context(), conform.Config{
					Address: "node", Network: chaintest.Network(), Txs: offered(0),
					Dial: func(ctx context.Context) (net.Conn, error) { return memory.Dial(ctx, "node") },
				}, &out)
				if !errors.Is(err, test.err) || !strings.Contains(out.String(), test.want) {
					t.Errorf("%v\n%s", err, out.String())
				}
			})
		})
	}
}

// The suite on a node of ours, as the first example has it.
func TestConformSelf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, errs, exit := output(t, "conform "+conformCommand.Examples[0]+" -quiet")
		if exit != 0 || !strings.Contains(out, "34 of 35 transitions taken") || !strings.Contains(out, " 0 departures") {
			t.Errorf("%s\n%s", errs, out)
		}
	})
}

// And on one behind a port of this machine. What it says depends on the time
// that the machine takes, so what counts is that the two talk.
func TestConformOverTCP(t *testing.T) {
	chain := chaintest.New(chaintest.Config{}).Grow(5)
	address := nodetest.Loopback(t, node.Config{Network: chaintest.Network(), Sources: chain.Sources()})
	out, errs, _ := output(t, "conform -quiet -txs -magic 42 -silence 1ms -wait 200ms -patience 1s -peer "+address)
	if errs != "" && errs != "ouronet conform: "+errDeparts.Error()+"\n" || !strings.HasPrefix(out, address+", version 15") {
		t.Errorf("%s\n%s", errs, out)
	}
}

// Every command has help with examples, whose flags there are.
func TestHelp(t *testing.T) {
	all, _, exit := output(t, "help")
	if exit != 0 {
		t.Error("exit status", exit)
	}
	for i, c := range commands {
		out, errs, exit := output(t, "help "+names()[i])
		if exit != 0 || !strings.Contains(out, "Flags:") || !strings.Contains(all, c.Path+" "+c.Examples[0]+"\n") {
			t.Errorf("help %s: %s\n%s", names()[i], errs, out)
		}
		for _, e := range c.Examples {
			// -version ends what is parsed without error.
			if _, errs, exit := output(t, names()[i]+" "+e+" -version"); exit != 0 {
				t.Errorf("%s: %s", e, errs)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	for _, line := range []string{"version", "-version", "graph -version"} {
		if out, errs, exit := output(t, line); exit != 0 || !strings.Contains(out, " of ouronet, node-to-node versions 14 and 15, go") {
			t.Errorf("%s: exit status %d, %s%s", line, exit, out, errs)
		}
	}
}

func TestCalls(t *testing.T) {
	clitest.Calls(t, run, clitest.Names(t))
}
