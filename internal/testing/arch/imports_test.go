package arch

import (
	"slices"
	"strings"
	"testing"
)

// Groups of packages that rules are about.
var (
	// A mini-protocol knows messages, tables and what is in the messages; not
	// another mini-protocol, nor what carries it.
	miniProtocols = []string{"handshake", "chainsync", "blockfetch", "txsubmission", "keepalive", "peersharing"}
	forMini       = []string{"internal/cbor", "ledger", "protocol"}

	// What moves messages between two nodes.
	network = slices.Concat(forMini, []string{"mux"}, miniProtocols)

	// What decides and keeps.
	storage = []string{"internal/disk", "ledger/folder", "ledger/immutable", "ledger/volatile", "ledger/praos", "chain"}
)

// mayImport says which packages of the module each package may import: only
// ones above it. What is under one of them is not included.
var mayImport = map[string][]string{
	"internal/cbor":            nil,
	"internal/queue":           nil,
	"internal/wake":            nil,
	"internal/genesis":         nil,
	"ledger":                   {"internal/cbor", "internal/genesis"},
	"internal/disk":            nil,
	"internal/filelock":        nil,
	"ledger/immutable":         {"internal/cbor", "internal/disk", "internal/filelock", "ledger"},
	"ledger/volatile":          {"internal/cbor", "internal/disk", "ledger"},
	"ledger/folder":            {"internal/disk", "internal/filelock", "ledger", "ledger/immutable"},
	"internal/crypto/curve":    nil,
	"internal/crypto/eddsa":    {"internal/crypto/curve"},
	"internal/crypto/vrf":      {"internal/crypto/curve"},
	"internal/crypto/kes":      {"internal/crypto/eddsa"},
	"internal/crypto/forge":    {"internal/cbor", "internal/crypto/curve", "internal/crypto/kes", "internal/crypto/vrf"},
	"ledger/praos":             {"internal/cbor", "internal/genesis", "internal/crypto/eddsa", "internal/crypto/vrf", "internal/crypto/kes", "ledger"},
	"protocol":                 {"internal/cbor"}, // not ledger: anyone can add a mini-protocol of their own
	"internal/segment":         {"protocol"},
	"mux":                      {"internal/cbor", "internal/segment", "internal/wake", "protocol"},
	"handshake":                forMini,
	"chainsync":                slices.Concat(forMini, []string{"internal/wake"}),
	"blockfetch":               forMini,
	"txsubmission":             forMini,
	"keepalive":                forMini,
	"peersharing":              forMini,
	"chain":                    {"internal/cbor", "internal/queue", "ledger"},
	"internal/redial":          nil,
	"internal/lifecycle":       nil,
	"internal/testing/explore": nil,
	"internal/seeded":          nil,
	"internal/logging":         nil,
	"node":                     slices.Concat(network, []string{"internal/lifecycle", "internal/logging", "internal/seeded", "internal/wake"}),
	"node/follow":              slices.Concat(network, []string{"chain", "internal/logging", "internal/queue", "internal/redial", "internal/seeded", "internal/wake", "node"}), // not storage
	"node/relay":               slices.Concat(network, storage, []string{"internal/logging", "internal/wake", "node", "node/follow"}),
	"conformance":              slices.Concat(network, []string{"internal/testing/explore"}),
	"conformance/messagetest":  {"internal/cbor", "protocol"},
	"trace":                    slices.Concat(network, []string{"internal/segment", "internal/wake", "chain"}), // whose recorded decisions it prints
	"vnet":                     {"internal/queue", "internal/wake"},                                            // knows nothing of Cardano
	"chaintest":                {"internal/cbor", "internal/crypto/forge", "internal/crypto/vrf", "ledger", "ledger/praos", "chainsync", "blockfetch", "txsubmission", "node", "vnet"},
	"internal/testing/sim":     {"ledger", "chain", "txsubmission", "internal/redial"},
}

// programs are folders of programs. They may import all but each other.
var programs = []string{"examples/", "cmd/"}

func isProgram(rel string) bool {
	return slices.ContainsFunc(programs, func(tree string) bool { return strings.HasPrefix(rel, tree) })
}

// isHelper reports whether a package is for tests and programs alone: an
// internal one that has no row in the table.
func isHelper(rel string) bool {
	_, listed := mayImport[rel]
	return !listed && strings.HasPrefix(rel, "internal/")
}

// allowed reports whether the package from may import the package to.
func allowed(from, to string) bool {
	switch {
	case strings.HasPrefix(to, from+"/internal/"):
		return true
	case isProgram(to):
		return false
	case isProgram(from):
		return true
	case isHelper(from):
		return true
	}
	return slices.Contains(mayImport[from], to)
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		from := p.rel()
		if _, listed := mayImport[from]; !listed && !isProgram(from) && !isHelper(from) {
			t.Errorf("package %q is not in the table of internal/testing/arch: say there what it may import", from)
			continue
		}
		for _, path := range p.Imports {
			if to := rel(path); ours(path) && !allowed(from, to) {
				t.Errorf("%s imports %s, which the table of internal/testing/arch does not allow", from, to)
			}
		}
	}
}

// The library logs to what it is given: how it is written is a program's choice.
func TestZapIsOfTheRelay(t *testing.T) {
	imports := false
	for _, p := range packages(t) {
		for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			switch {
			case !strings.HasPrefix(path, "go.uber.org/zap"):
			case p.rel() == "examples/relay":
				imports = true
			default:
				t.Errorf("%s imports %s", p.rel(), path)
			}
		}
	}
	if !imports {
		t.Error("the relay does not import it, either: does this test still look at what it should?")
	}
}

// The table itself goes one way.
func TestTableHasNoCycle(t *testing.T) {
	done := make(map[string]bool)
	var visit func(pkg string, path []string)
	visit = func(pkg string, path []string) {
		if slices.Contains(path, pkg) {
			t.Fatalf("cycle: %s", strings.Join(append(path, pkg), " -> "))
		}
		if done[pkg] {
			return
		}
		for _, to := range mayImport[pkg] {
			if _, listed := mayImport[to]; !listed {
				t.Errorf("%s may import %q, which has no row", pkg, to)
			}
			visit(to, append(path, pkg))
		}
		done[pkg] = true
	}
	for pkg := range mayImport {
		visit(pkg, nil)
	}
}

func TestAllowed(t *testing.T) {
	for _, test := range []struct {
		from, to string
		want     bool
	}{
		{"chainsync", "ledger", true},
		{"chainsync", "blockfetch", false},
		{"chainsync", "mux", false},
		{"protocol", "ledger", false},
		{"ledger", "protocol", false},
		{"node", "mux", true},
		{"node", "chain", false},
		{"node", "node/follow", false},
		{"node/follow", "ledger/immutable", false},
		{"node/relay", "chain", true},
		{"node/relay", "internal/testing/pipe", false},
		{"node/follow", "chaintest", false},
		{"trace", "chaintest", false},
		{"internal/testing/sim", "chaintest", false},
		{"examples/tip", "internal/testing/pipe", true},
		{"node/relay", "examples/tip", false},
		{"examples/tip", "examples/relay", false},
		{"examples/relay", "examples/relay/internal/demo", true},
	} {
		if got := allowed(test.from, test.to); got != test.want {
			t.Errorf("%s may import %s: %t, want %t", test.from, test.to, got, test.want)
		}
	}
}
