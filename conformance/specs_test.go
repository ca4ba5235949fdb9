package conformance_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// specs are the mini-protocols of this module by name.
var specs = map[string]func() *protocol.Spec{
	"handshake":      handshake.Spec,
	"chain-sync":     chainsync.Spec,
	"block-fetch":    blockfetch.Spec,
	"tx-submission2": txsubmission.Spec,
	"keep-alive":     keepalive.Spec,
	"peer-sharing":   peersharing.Spec,
}

// tables reads the independent tables.
func tables(t testing.TB) map[string]conformance.Table {
	t.Helper()
	b, err := os.ReadFile("testdata/tables.json")
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	var list []conformance.Table
	if err := d.Decode(&list); err != nil {
		t.Fatal(err)
	}
	byName := make(map[string]conformance.Table)
	for _, table := range list {
		byName[table.Name] = table
	}
	return byName
}

// rows reads a file of examples, one a line.
func rows(t testing.TB, file string) (list [][]string) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 0 && f[0] != "#" {
			list = append(list, f)
		}
	}
	return list
}

// startingIn returns a Spec that is the same except that conversations start in
// another state.
func startingIn(spec *protocol.Spec, state protocol.StateID) *protocol.Spec {
	swap := func(id protocol.StateID) protocol.StateID {
		switch id {
		case 0:
			return state
		case state:
			return 0
		}
		return id
	}
	moved := make([]protocol.State, len(spec.States))
	for i, s := range spec.States {
		s.Edges = append([]protocol.Edge(nil), s.Edges...)
		for j := range s.Edges {
			s.Edges[j].To = swap(s.Edges[j].To)
		}
		moved[swap(protocol.StateID(i))] = s
	}
	spec.States = moved
	return spec
}

// stateNamed returns the index of a state.
func stateNamed(t testing.TB, spec *protocol.Spec, name string) protocol.StateID {
	t.Helper()
	for i := range spec.States {
		if spec.States[i].Name == name {
			return protocol.StateID(i)
		}
	}
	t.Fatalf("%s has no state %s", spec.Name, name)
	return 0
}
