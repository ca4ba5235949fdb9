package arch

import (
	"slices"
	"strings"
	"testing"
)

// A program that only dials imports package node and what is above it: nothing
// that decides about chains, checks headers or stores blocks, and no logger but
// that of the standard library.
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
		if !forDialling(name) {
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

// forDialling reports whether a program that only dials may import a package.
func forDialling(name string) bool {
	if ours(name) {
		return !slices.Contains([]string{"chain", "ledger/praos", "ledger/folder", "ledger/immutable", "ledger/volatile", "node/follow", "node/relay"}, rel(name))
	}
	return name != "go.uber.org/zap" && !strings.HasPrefix(name, "go.uber.org/zap/")
}

func TestForDialling(t *testing.T) {
	for name, want := range map[string]bool{
		module + "/mux":               true,
		module + "/chain":             false,
		"log/slog":                    true,
		"go.uber.org/zap":             false,
		"go.uber.org/zap/exp/zapslog": false,
	} {
		if got := forDialling(name); got != want {
			t.Errorf("%s: %t, want %t", name, got, want)
		}
	}
}
