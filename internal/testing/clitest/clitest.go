// Package clitest compares what programs print with text in their testdata.
package clitest

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

var update = flag.Bool("update", false, "write testdata/calls.txt anew")

// Program is a program, with the arguments that follow its name.
type Program func(ctx context.Context, args []string, stdout, stderr io.Writer) (exit int)

// Calls runs the command lines in testdata/calls.txt, which begin with $, and
// compares what each prints with the lines that follow: | is standard output, ! is
// standard error, = is the exit status. Lines with # are comments. What differs from
// run to run, such as the address of a node, stands there as a name in braces, whose
// value names has.
//
// go test -update writes the file anew.
func Calls(t *testing.T, program Program, names map[string]string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("messages of the system differ")
	}
	path := filepath.Join("testdata", "calls.txt")
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var into, from []string
	for name, value := range names { // any order: no value is in another
		into = append(into, "{"+name+"}", value)
		from = append(from, value, "{"+name+"}")
	}
	var got strings.Builder
	for line := range strings.Lines(string(want)) {
		switch {
		case strings.HasPrefix(line, "$"):
			got.WriteString(line)
			var args []string
			for _, arg := range strings.Fields(line[1:]) {
				args = append(args, strings.NewReplacer(into...).Replace(strings.Trim(arg, `"`)))
			}
			text := call(t.Context(), program, args)
			got.WriteString(strings.NewReplacer(from...).Replace(text))
		case strings.HasPrefix(line, "#"), strings.TrimSpace(line) == "":
			got.WriteString(line)
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	compare(t, string(want), got.String())
}

// call returns what a program prints.
func call(ctx context.Context, program Program, args []string) string {
	var out, errs bytes.Buffer
	exit := program(ctx, args, &out, &errs)
	var b strings.Builder
	for _, s := range []struct {
		mark string
		text *bytes.Buffer
	}{{"|", &out}, {"!", &errs}} {
		for line := range strings.Lines(s.text.String()) {
			fmt.Fprintln(&b, strings.TrimRight(s.mark+" "+line, " \n"))
		}
	}
	fmt.Fprintf(&b, "= %d\n", exit)
	return b.String()
}

// compare reports the calls that differ.
func compare(t *testing.T, want, got string) {
	t.Helper()
	wants, gots := split(want), split(got)
	for i := range max(len(wants), len(gots)) {
		switch {
		case i >= len(wants) || i >= len(gots):
			t.Errorf("%d calls, want %d", len(gots), len(wants))
			return
		case wants[i] != gots[i]:
			t.Errorf("got\n$%s\nwant\n$%s", gots[i], wants[i])
		}
	}
}

func split(text string) []string { return strings.Split(text, "\n$") }

// Names returns what command lines name: {node} and {preprod}, nodes of Preview and
// of Preprod; {nobody}, an address where no one listens; {web}, a server that is no
// node; {first} and {last}, points of the node's chain; and {dir}, a folder with files
// that are no genesis files.
func Names(t *testing.T) map[string]string {
	t.Helper()
	chain := chaintest.New(chaintest.Config{Seed: 1, Network: ledger.Preview, BlockSize: 2000}).Grow(20)
	return map[string]string{
		"node":    nodetest.Loopback(t, node.Config{Network: ledger.Preview, Sources: chain.Sources()}),
		"preprod": nodetest.Loopback(t, node.Config{Network: ledger.Preprod}),
		"nobody":  nobody(t),
		"web":     web(t),
		"dir":     folder(t),
		"first":   chain.Blocks()[0].Header.Point().String(),
		"last":    chain.Tip().Point.String(),
	}
}

// nobody returns an address that was in use a moment ago.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// web answers as a web server does.
func web(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		served.Wait()
	})
	served.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Read(make([]byte, 1000))
			io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
			io.Copy(io.Discard, conn) // until the other side has seen it
			conn.Close()
		}
	})
	return l.Addr().String()
}

// folder makes files for mistakes.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"nothing":                   "",
		"text":                      "hello\n",
		"tx":                        "84a0a0f5f6\n",
		"half":                      "84a0a0\n",
		"large":                     strings.Repeat("84a0a0f5f6\n", 100_000),
		"empty/readme":              "",
		"broken/byron-genesis.json": "{",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Waits runs a program with args, in which {mute} is a node that never answers, until
// it has printed text on standard error. The program has no patience: it says at once
// what it waits for.
func Waits(t *testing.T, program cli.Program, text string, args ...string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") // and no Accept: the system connects
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "{mute}", l.Addr().String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	errs := &until{text: strings.ReplaceAll(text, "{mute}", l.Addr().String()), found: cancel}
	program.Patience = time.Millisecond
	program.Run(ctx, args, io.Discard, errs)
	if ctx.Err() == nil {
		t.Errorf("ended with %q, want %q before", errs.String(), errs.text)
	}
}

// until calls found once it holds a text.
type until struct {
	text  string
	found func()

	mu sync.Mutex
	bytes.Buffer
}

// Write keeps all that the program prints.
func (u *until) Write(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.Buffer.Write(p)
	if strings.Contains(u.String(), u.text) {
		u.found()
	}
	return len(p), nil
}

// Interrupt runs a program with args, in which {mute} is a node that never answers,
// and interrupts it while it waits. The program must return exit and print errs on
// standard error.
func Interrupt(t *testing.T, program Program, exit int, errs string, args ...string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.Read(make([]byte, 1)) // of its proposal
		cancel()
		io.Copy(io.Discard, conn)
	}()
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "{mute}", l.Addr().String())
	}
	var out, got bytes.Buffer
	if code := program(ctx, args, &out, &got); code != exit || got.String() != errs {
		t.Errorf("exit status %d, %q, want %d, %q", code, got.String(), exit, errs)
	}
}
