package arch

import (
	"slices"
	"strings"
	"testing"
)

// A program that only dials imports package node and what is below it: nothing
// that decides about chains, checks headers or stores blocks.
func TestDiallingImportsLittle(t *testing.T) {
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	var path []string
	seen := make(map[string]bool)
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		path = append(path, name)
		defer func() { path = path[:len(path)-1] }()
		if ours(name) && slices.Contains([]string{"chain", "ledger/praos", "ledger/immutable", "node/follow"}, rel(name)) {
			t.Errorf("node imports %s", strings.Join(path, ", which imports "))
		}
		for _, next := range all[name].Imports {
			visit(next)
		}
	}
	visit(module + "/node")
	if !seen[module+"/mux"] || len(seen) < 20 {
		t.Errorf("only %d packages are seen", len(seen))
	}
}
