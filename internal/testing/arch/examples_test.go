package arch

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The README promises that each example but the relay and the indexer is short.
func TestExamplesAreShort(t *testing.T) {
	const most = 60 // lines
	paths, err := filepath.Glob("../../../examples/*/main.go")
	if err != nil || len(paths) < 6 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		if program := filepath.Base(filepath.Dir(path)); program == "relay" || program == "indexer" {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\n")); n > most {
			t.Errorf("%s has %d lines, at most %d are promised", path, n, most)
		}
	}
}
