package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/testenv"

	// What children build: without it a change there would leave an old result
	// in go test's cache.
	_ "github.com/ouronet/ouronet/handshake"
	_ "github.com/ouronet/ouronet/internal/testing/sim"
	_ "github.com/ouronet/ouronet/ledger/praos"
	_ "github.com/ouronet/ouronet/mux"
	_ "github.com/ouronet/ouronet/protocol"
)

const root = "../../.."

// TestMutants plants one fault after the other.
func TestMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs tests")
	}
	if testenv.Race {
		t.Skip("children are built without the race detector: the same again")
	}
	all, err := readFaults("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		touch(t, m.pkg)
	}
	dir := t.TempDir()
	overlay, err := plant(dir, root, all)
	if err != nil {
		t.Fatal(err)
	}
	binaries := make(map[string]string) // by package
	for _, m := range all {
		if binaries[m.pkg] == "" {
			binaries[m.pkg] = filepath.Join(dir, fmt.Sprintf("%d.test", len(binaries)))
			if err := buildTests(t.Context(), root, overlay, m.pkg, binaries[m.pkg]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for n, m := range all {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			if n == slices.IndexFunc(all, func(x *fault) bool { return x.pkg == m.pkg && x.test == m.test }) {
				if out, err := m.run(t.Context(), root, binaries[m.pkg], 0, "-test.short"); err != nil {
					t.Fatalf("fails with nothing planted:\n%s", out)
				}
			}
			out, err := m.run(t.Context(), root, binaries[m.pkg], m.number, m.args()...)
			if err == nil {
				t.Fatal("not found")
			}
			line, ok := m.foundBy(out)
			if !ok {
				t.Fatalf("none of %q is in\n%s", m.texts, out[:min(len(out), 4000)])
			}
			t.Log(line[:min(len(line), 200)])
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
