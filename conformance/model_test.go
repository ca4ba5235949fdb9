package conformance_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/conformance"
)

var update = flag.Bool("update", false, "write the generated files instead of comparing them")

// compare holds got against the file at path, or writes it there.
func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is stale: look at what changed, then run go test with -update\n%s", path, got)
	}
}

// maxDepth is up to which depth everything is explored.
const maxDepth = 6

// Every mini-protocol, with every depth, is explored completely and sound. The
// counts are kept, so that nobody explores less without noticing.
func TestModels(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Situations that the model check visits. Written by: go test ./conformance -run TestModels -update\n")
	for _, spec := range conformance.Protocols() {
		for depth := 1; depth <= maxDepth; depth++ {
			size, err := conformance.NewModel(spec, depth).Check()
			if err != nil {
				t.Error(err)
			}
			fmt.Fprintf(&b, "%s, depth %d: %v\n", spec.Name, depth, size)
		}
	}
	t.Log("\n" + b.String())
	compare(t, "testdata/models.txt", b.String())
}
