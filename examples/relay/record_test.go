package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/trace"
)

// whole checks a recording: all is in it, nobody broke a rule, and the
// decisions are made again. It returns how many connections there are.
func whole(t *testing.T, file string) (connections int) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	sum, err := trace.Decode(bytes.NewReader(b), &out)
	if err != nil || sum.Violations+sum.Truncated+sum.Differences+int(sum.Damaged) > 0 || sum.Steps == 0 || strings.Contains(out.String(), "has no end") {
		t.Errorf("%+v, %v", sum, err)
	}
	all, err := trace.Load(bytes.NewReader(b))
	if err != nil || len(all.Cores) != 1 {
		t.Fatalf("%d cores, %v", len(all.Cores), err)
	}
	if err := all.Cores[0].Replay(nil); err != nil {
		t.Error(err)
	}
	for _, c := range all.Conns {
		if !c.Ended {
			t.Errorf("the connection to %s has no end", c.Remote)
		}
	}
	return len(all.Conns)
}

func TestRecord(t *testing.T) {
	testenv.CheckLeaks(t)
	file := filepath.Join(t.TempDir(), "relay.trace")
	args := []string{"-network", "preview", "-no-verify", "-exit-at-tip", "-record", file, "-peer", upstream(t, newChain(1).Grow(300))}
	exit, stdout, stderr := runProgram(t, args...)
	if exit != 0 || !strings.Contains(stdout, "go run ./cmd/ouronet decode "+file) {
		t.Fatalf("exit code %d, %s\n%s", exit, stderr, stdout)
	}
	if n := whole(t, file); n != 1 {
		t.Errorf("%d connections", n)
	}

	// What is there is not written over.
	if exit, _, stderr := runProgram(t, args...); exit != 1 || !strings.Contains(stderr, "give another name") {
		t.Errorf("exit code %d, %s", exit, stderr)
	}
	if n := whole(t, file); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestRecordFull(t *testing.T) {
	testenv.CheckLeaks(t)
	file := filepath.Join(t.TempDir(), "relay.trace")
	exit, stdout, stderr := runProgram(t, "-network", "preview", "-no-verify", "-exit-at-tip", "-json",
		"-record", file, "-record-max", "20000", "-peer", upstream(t, newChain(1).Grow(300)))
	if exit != 0 || !strings.Contains(stdout, `"event":"recorded"`) || !strings.Contains(stdout, `"truncated":2`) {
		t.Fatalf("exit code %d, %s\n%s", exit, stderr, stdout)
	}
	if info, err := os.Stat(file); err != nil || info.Size() > 21_000 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestRecordErrors(t *testing.T) {
	testenv.CheckLeaks(t)
	dir := t.TempDir()
	exit, _, stderr := runProgram(t, "-network", "preview", "-record", filepath.Join(dir, "none", "a"))
	if exit != 1 || !strings.Contains(stderr, "give a file that can be made") {
		t.Errorf("exit code %d, %s", exit, stderr)
	}
	// A relay that does not start leaves no recording.
	file := filepath.Join(dir, "a")
	if exit, _, _ := runProgram(t, "-network", "preview", "-record", file, "-immutable", filepath.Join(dir, "none")); exit != 1 {
		t.Errorf("exit code %d", exit)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("there is a recording of nothing: %v", err)
	}
}

// The relay of the demo is recorded, with both of its connections.
func TestRecordDemo(t *testing.T) {
	testenv.CheckLeaks(t)
	file := filepath.Join(t.TempDir(), "demo.trace")
	o, err := parse([]string{"-demo", "-exit-at-tip", "-record", file})
	if err != nil {
		t.Fatal(err)
	}
	if err := runDemo(t.Context(), o, shortScript, newOutput(o, io.Discard, io.Discard)); err != nil {
		t.Fatal(err)
	}
	if n := whole(t, file); n != 2 {
		t.Errorf("%d connections", n)
	}
}
