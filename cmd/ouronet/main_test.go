package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/internal/conform"
	"github.com/ouronet/ouronet/internal/testnode"
	"github.com/ouronet/ouronet/node"
)

// output runs a command line.
func output(t *testing.T, line string) (out, help string, err error) {
	t.Helper()
	var a, b bytes.Buffer
	err = run(t.Context(), strings.Fields(line), &a, &b)
	return a.String(), b.String(), err
}

func TestGraph(t *testing.T) {
	for _, test := range []struct {
		line, want string
	}{
		{graph.examples[0], "StIdle --> StCanAwait: MsgRequestNext"},
		{"graph", "%% peer-sharing\nstateDiagram-v2"},
		{"graph -format dot keep-alive block-fetch", `digraph "block-fetch" {`},
		{"graph -format markdown", "## What is asked for"},
	} {
		out, _, err := output(t, test.line)
		if err != nil || !strings.Contains(out, test.want) {
			t.Errorf("%s: %v, without %q:\n%s", test.line, err, test.want, out)
		}
	}
}

// The document is what the command in it prints.
func TestGraphWritesDocument(t *testing.T) {
	want, err := os.ReadFile("../../docs/protocols.md")
	if err != nil {
		t.Fatal(err)
	}
	if out, _, err := output(t, "graph -format markdown"); err != nil || out != string(want) {
		t.Errorf("docs/protocols.md differs from what is printed (%v)", err)
	}
}

// The JSON is a table that the Spec equals.
func TestGraphJSON(t *testing.T) {
	out, _, err := output(t, "graph -format json")
	if err != nil {
		t.Fatal(err)
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
				chain := testnode.New(chaingen.Config{}).Grow(5)
				memory := new(testnode.Net)
				testnode.Serve(t, memory.Listen("node"), node.Config{Network: chaingen.Network(), Specs: specs, Sources: chain.Sources()})
				var out strings.Builder
				err := look(t.Context(), conform.Config{
					Address: "node", Network: chaingen.Network(), Txs: offered(0),
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
		out, _, err := output(t, conformCommand.examples[0]+" -quiet")
		if err != nil || !strings.Contains(out, "34 of 35 transitions taken") || !strings.Contains(out, " 0 departures") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// And on one behind a port of this machine. What it says depends on the time
// that the machine takes, so what counts is that the two talk.
func TestConformOverTCP(t *testing.T) {
	chain := testnode.New(chaingen.Config{}).Grow(5)
	address := testnode.Loopback(t, node.Config{Network: chaingen.Network(), Sources: chain.Sources()})
	out, _, err := output(t, "conform -quiet -txs -magic 42 -silence 1ms -wait 200ms -patience 1s -peer "+address)
	if err != nil && !errors.Is(err, errDeparts) || !strings.HasPrefix(out, address+", version 15") {
		t.Errorf("%v\n%s", err, out)
	}
}

// Every command has help with an example, which is one of its command lines.
func TestHelp(t *testing.T) {
	all, _, err := output(t, "help")
	if err != nil {
		t.Error(err)
	}
	for _, c := range commands {
		out, _, err := output(t, "help "+c.name)
		if err != nil || !strings.Contains(out, "Flags:") || !strings.Contains(all, c.examples[0]) {
			t.Errorf("help %s: %v\n%s", c.name, err, out)
		}
		for _, e := range c.examples {
			if !strings.HasPrefix(e, c.name+" ") || !strings.Contains(out, "go run ./cmd/ouronet "+e+"\n") {
				t.Errorf("%s: %q is not in the help", c.name, e)
			}
			flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
			c.setup(flags)
			if err := flags.Parse(strings.Fields(e)[1:]); err != nil {
				t.Errorf("%s: %v", e, err)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"sing", `no command "sing"`},
		{"help sing", `no command "sing"`},
		{"graph -format png", `no format "png"`},
		{"graph chainsync", "take one of handshake, chain-sync"},
		{"graph -x", "not defined: -x"},
		{"conform", "-peer HOST:PORT"},
		{"conform -self -peer 127.0.0.1:1", "one of -self, -peer and -listen"},
		{"conform -peer 127.0.0.1:1 -listen 127.0.0.1:2", "one of -self, -peer and -listen"},
		{"conform -self -magic 42", "-magic does not go with -self"},
		{"sim all", `no argument "all"`},
		{"sim -seeds 0", "-seeds must be 1 at least"},
		{"conform -peer 127.0.0.1:1 -network moon", `no network "moon"`},
		{"conform -quiet -peer 127.0.0.1:1 -network preview", "connection refused"},
	} {
		if _, _, err := output(t, test.line); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.line, err, test.want)
		}
	}
	if _, help, err := output(t, ""); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help, "usage:") {
		t.Errorf("without arguments: %v\n%s", err, help)
	}
}

// The name of a command is not said twice where it is that of a package, too.
func TestErrorsNameCommandOnce(t *testing.T) {
	for _, line := range []string{"sim -scenario none", "graph none", "decode none"} {
		_, _, err := output(t, line)
		name, _, _ := strings.Cut(line, " ")
		if err == nil || !strings.HasPrefix(err.Error(), name+": ") || strings.HasPrefix(err.Error(), name+": "+name+": ") {
			t.Errorf("%s: %v", line, err)
		}
	}
}
