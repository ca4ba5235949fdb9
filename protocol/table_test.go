package protocol_test

import (
	"errors"
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/protocol"
)

var specs = []*protocol.Spec{quiz(), handshake.Spec(), chainsync.Spec(), blockfetch.Spec(), keepalive.Spec()}

// step is a message on the way to a state, and who sends it.
type step struct {
	label string
	from  protocol.Role
}

// paths returns for each state that can be reached a way to it.
func paths(spec *protocol.Spec) map[protocol.StateID][]step {
	found := map[protocol.StateID][]step{0: nil}
	for todo := []protocol.StateID{0}; len(todo) > 0; todo = todo[1:] {
		at := todo[0]
		for _, e := range spec.States[at].Edges {
			if _, ok := found[e.To]; !ok {
				way := append([]step(nil), found[at]...)
				found[e.To] = append(way, step{e.Msg.Label(), spec.States[at].Agency})
				todo = append(todo, e.To)
			}
		}
	}
	return found
}

// machineAt returns a Machine that was led along way.
func machineAt(t *testing.T, spec *protocol.Spec, role protocol.Role, way []step) protocol.Machine {
	t.Helper()
	m := protocol.NewMachine(spec, role)
	for _, s := range way {
		if s.from == role {
			if err := m.Send(s.label); err != nil {
				t.Fatal(err)
			}
		} else if !m.Recv(s.label) {
			t.Fatalf("%s refused in %s", s.label, spec.States[m.State()].Name)
		}
	}
	return m
}

// Every message in every state, from either side, is accepted exactly when the
// table has an edge for it and its sender has agency.
func TestTable(t *testing.T) {
	for _, spec := range specs {
		all := map[string]bool{"NoSuchMessage": true}
		for _, state := range spec.States {
			for _, e := range state.Edges {
				all[e.Msg.Label()] = true
			}
		}
		ways := paths(spec)
		if len(ways) != len(spec.States) {
			t.Errorf("%s: %d states of %d can be reached", spec.Name, len(ways), len(spec.States))
		}
		for at, way := range ways {
			for label := range all {
				for _, role := range []protocol.Role{protocol.Initiator, protocol.Responder} {
					to, edge := at, false
					for _, e := range spec.States[at].Edges {
						if e.Msg.Label() == label {
							to, edge = e.To, true
						}
					}
					agency := spec.States[at].Agency
					check := func(method string, accepted, want bool, m protocol.Machine) {
						state := at
						if want {
							state = to
						}
						if accepted != want || m.State() != state {
							t.Errorf("%s: %s of %s by the %s in %s: accepted is %v, then in %s", spec.Name, method,
								label, role, spec.States[at].Name, accepted, spec.States[m.State()].Name)
						}
						agency := spec.States[m.State()].Agency
						if m.Ours() != (agency == role) || m.Done() != (agency == protocol.Nobody) {
							t.Errorf("%s: in %s Ours is %v, Done is %v", spec.Name, spec.States[m.State()].Name, m.Ours(), m.Done())
						}
					}
					m := machineAt(t, spec, role, way)
					err := m.Send(label)
					check("Send", err == nil, edge && agency == role, m)
					if err != nil && !errors.Is(err, protocol.ErrAgency) {
						t.Errorf("Send: %v", err)
					}
					m = machineAt(t, spec, role, way)
					check("Pipeline", m.Pipeline(label) == nil, edge && agency == role, m)
					m = machineAt(t, spec, role, way)
					check("Recv", m.Recv(label), edge && agency == role.Peer(), m)
				}
			}
		}
	}
}

func TestSpecLimit(t *testing.T) {
	spec := blockfetch.Spec()
	if got := spec.Limit(protocol.Initiator); got != 2_500_000 {
		t.Errorf("an initiator receives up to %d bytes", got)
	}
	if got := spec.Limit(protocol.Responder); got != 65_535 {
		t.Errorf("a responder receives up to %d bytes", got)
	}
	if got := new(protocol.Spec).Limit(protocol.Responder); got != 0 {
		t.Errorf("without states up to %d bytes", got)
	}
}
