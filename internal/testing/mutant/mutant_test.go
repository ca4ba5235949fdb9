package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/testenv"

	// What children build: without it a change there would leave an old result
	// in go test's cache.
	_ "github.com/ouronet/ouronet/internal/testing/sim"
	_ "github.com/ouronet/ouronet/protocol"
)

// TestMutants plants one fault after the other.
func TestMutants(t *testing.T) {
	if testenv.Race {
		t.Skip("children are built without the race detector: the same again")
	}
	all := read(t)
	for _, m := range all {
		touch(t, m.pkg)
	}
	overlay := plant(t, all)
	binaries := make(map[string]string) // by package
	for _, m := range all {
		if binaries[m.pkg] == "" {
			binary := filepath.Join(t.TempDir(), "planted.test")
			build := exec.Command("go", "test", "-c", "-overlay", overlay, "-o", binary, m.pkg)
			build.Dir = root
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v: %v\n%s", build, err, out)
			}
			binaries[m.pkg] = binary
		}
	}
	// run runs what is to find m, with fault n planted.
	run := func(m *fault, n int, args ...string) (string, error) {
		test := exec.Command(binaries[m.pkg], append(args, "-test.run", "^"+m.test+"$", "-test.v")...)
		test.Dir = filepath.Join(root, m.pkg)
		test.Env = append(os.Environ(), variable+"="+strconv.Itoa(n))
		out, err := test.CombinedOutput()
		return string(out), err
	}
	for n, m := range all {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			if n == slices.IndexFunc(all, func(x *fault) bool { return x.pkg == m.pkg && x.test == m.test }) {
				if out, err := run(m, 0, "-test.short"); err != nil {
					t.Fatalf("fails with nothing planted:\n%s", out)
				}
			}
			out, err := run(m, n+1, m.args()...)
			if err == nil {
				t.Fatal("not found")
			}
			for line := range strings.Lines(out) {
				if slices.ContainsFunc(m.texts, func(text string) bool { return strings.Contains(line, text) }) {
					t.Log(strings.TrimSpace(line[:min(len(line), 200)]))
					return
				}
			}
			t.Errorf("none of %q is in\n%s", m.texts, out[:min(len(out), 4000)])
		})
	}
}

// touch looks at the files of a package, so that go test does not take an old
// result for one of the present files, which only children read.
func touch(t *testing.T, pkg string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pkg, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", pkg, err)
	}
	for _, file := range files {
		if _, err := os.Stat(file); err != nil {
			t.Fatal(err)
		}
	}
}

// args are those of the package's tests.
func (m *fault) args() []string {
	if m.pkg == "./internal/testing/sim" {
		return []string{"-sim.first"}
	}
	return nil
}

// The least that README.md promises.
func TestRead(t *testing.T) {
	for _, test := range []struct{ text, err string }{
		{"# name\nfound by ./internal/testing/sim TestSweep: x\nin a.go\n-\tone\n+\ttwo\n", ""},
		{"# name\nin a.go\n-\tone\n", "who finds it"},
		{"# name\nfound by ./internal/testing/sim TestSweep: x\n", "no change"},
		{"# name\nfound by ./internal/testing/sim TestSweep: x\nin a.go\nthree\n", "neither"},
	} {
		_, err := parse(test.text)
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%q: error %v, want %q", test.text, err, test.err)
		}
	}
	c := change{file: "a.go", from: []byte("\tone\n"), to: []byte("\ttwo\n")}
	if got, err := c.apply([]byte("zero\n\tone\n")); err != nil || !bytes.Equal(got, []byte("zero\n\ttwo\n")) {
		t.Errorf("%q, %v", got, err)
	}
	for _, text := range []string{"", "\tone\n\tone\n", "\t\tone\n"} {
		if _, err := c.apply([]byte(text)); err == nil {
			t.Errorf("applied to %q", text)
		}
	}
	if m := (&fault{name: "x"}).String(); !strings.Contains(m, "x") {
		t.Error(m)
	}
}

func (m *fault) String() string { return fmt.Sprintf("fault %q", m.name) }
