package conformance_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/protocol"
)

// renamed is a message with another label or tag.
type renamed struct {
	protocol.Message
	label string
	tag   uint64
}

func (r renamed) Label() string { return r.label }
func (r renamed) Tag() uint64   { return r.tag }

// mutation is one small change of a Spec.
type mutation struct {
	what string
	do   func(*protocol.Spec)
}

// mutations returns changes of every kind, at every place of a Spec.
func mutations(spec *protocol.Spec) (list []mutation) {
	add := func(do func(*protocol.Spec), format string, args ...any) {
		list = append(list, mutation{fmt.Sprintf(format, args...), do})
	}
	add(func(s *protocol.Spec) { s.Name += "2" }, "other name")
	add(func(s *protocol.Spec) { s.ID++ }, "other number")
	if spec.Name != "handshake" { // which has no queue
		add(func(s *protocol.Spec) { s.Ingress++ }, "ingress limit one more")
		add(func(s *protocol.Spec) { s.Ingress-- }, "ingress limit one less")
	}
	add(func(s *protocol.Spec) { *s = *startingIn(s, 1) }, "other first state")
	add(func(s *protocol.Spec) {
		s.States = append(s.States, protocol.State{Name: "StNew"})
		s.States[0].Edges = append(s.States[0].Edges, protocol.Edge{
			Msg: renamed{s.States[0].Edges[0].Msg, "MsgNew", 99}, To: protocol.StateID(len(s.States) - 1)})
	}, "new state")
	for i := range spec.States {
		name := spec.States[i].Name
		at := func(do func(*protocol.State)) func(*protocol.Spec) {
			return func(s *protocol.Spec) { do(&s.States[i]) }
		}
		add(at(func(s *protocol.State) { s.Name += "2" }), "%s renamed", name)
		for role := protocol.Nobody; role <= protocol.Responder; role++ {
			if role != spec.States[i].Agency {
				add(at(func(s *protocol.State) { s.Agency = role }), "agency of %v in %s", role, name)
			}
		}
		add(at(func(s *protocol.State) { s.Limit++ }), "limit in %s one more", name)
		add(at(func(s *protocol.State) { s.Limit-- }), "limit in %s one less", name)
		add(at(func(s *protocol.State) { s.Timeout.Max += time.Second }), "timeout in %s up to a second later", name)
		add(at(func(s *protocol.State) { s.Timeout.Min++ }), "timeout in %s a nanosecond later at least", name)
		add(at(func(s *protocol.State) { s.Timeout.Min-- }), "timeout in %s a nanosecond earlier", name)
		if (spec.States[i].Timeout != protocol.Timeout{}) {
			add(at(func(s *protocol.State) { s.Timeout = protocol.Timeout{} }), "no timeout in %s", name)
		}
		list = append(list, edgeMutations(spec, i)...)
	}
	return list
}

// edgeMutations returns the changes of the messages of state i.
func edgeMutations(spec *protocol.Spec, i int) (list []mutation) {
	name := spec.States[i].Name
	for j, e := range spec.States[i].Edges {
		label := e.Msg.Label()
		add := func(what string, do func(*protocol.Edge)) {
			list = append(list, mutation{name + ", " + label + ": " + what, func(s *protocol.Spec) { do(&s.States[i].Edges[j]) }})
		}
		list = append(list, mutation{name + ": no " + label, func(s *protocol.Spec) {
			s.States[i].Edges = append(s.States[i].Edges[:j:j], s.States[i].Edges[j+1:]...)
		}})
		add("other label", func(e *protocol.Edge) { e.Msg = renamed{e.Msg, "MsgNew", e.Msg.Tag()} })
		add("other tag", func(e *protocol.Edge) { e.Msg = renamed{e.Msg, label, e.Msg.Tag() + 20} })
		for to := range spec.States {
			if protocol.StateID(to) != e.To {
				add("leads to "+spec.States[to].Name, func(e *protocol.Edge) { e.To = protocol.StateID(to) })
			}
		}
	}
	for k := range spec.States {
		for _, e := range spec.States[k].Edges {
			if k != i {
				list = append(list, mutation{name + ": also " + e.Msg.Label(), func(s *protocol.Spec) {
					s.States[i].Edges = append(s.States[i].Edges, e)
				}})
			}
		}
	}
	return list
}

// No transition, limit or timeout can change unnoticed.
func TestChangesAreFound(t *testing.T) {
	want, n := tables(t), 0
	for name, spec := range specs {
		for _, m := range mutations(spec()) {
			changed := spec()
			m.do(changed)
			if conformance.Compare(changed, want[name]) == nil {
				t.Errorf("%s: %s is not noticed", name, m.what)
			}
			n++
		}
	}
	if n < 500 {
		t.Errorf("only %d changes were tried", n)
	}
}

func TestCheckFinds(t *testing.T) {
	// A request, and an answer or the end.
	msg := specs["keep-alive"]().States[0].Edges[0].Msg
	edge := func(label string, tag uint64, to protocol.StateID) protocol.Edge {
		return protocol.Edge{Msg: renamed{msg, label, tag}, To: to}
	}
	sound := func() *protocol.Spec {
		return &protocol.Spec{Name: "sound", ID: 99, Ingress: 1, States: []protocol.State{
			{Name: "StIdle", Agency: protocol.Initiator, Limit: 1, Edges: []protocol.Edge{edge("MsgAsk", 0, 1), edge("MsgDone", 2, 2)}},
			{Name: "StBusy", Agency: protocol.Responder, Limit: 1, Edges: []protocol.Edge{edge("MsgAnswer", 1, 0)}},
			{Name: "StDone"},
		}}
	}
	if err := conformance.Check(sound()); err != nil {
		t.Fatal(err)
	}
	busy := func(edges ...protocol.Edge) func(*protocol.Spec) {
		return func(s *protocol.Spec) { s.States[1].Edges = edges }
	}
	for _, m := range []mutation{
		{"no name", func(s *protocol.Spec) { s.Name = "" }},
		{"no ingress limit", func(s *protocol.Spec) { s.Ingress = 0 }},
		{"no states", func(s *protocol.Spec) { s.States = nil }},
		{"257 states", func(s *protocol.Spec) {
			for range 254 {
				s.States = append(s.States, protocol.State{Name: "StX"})
			}
		}},
		{"state without a name", func(s *protocol.Spec) { s.States[1].Name = "" }},
		{"name twice", func(s *protocol.Spec) { s.States[1].Name = "StIdle" }},
		{"message in a terminal state", func(s *protocol.Spec) { s.States[2].Edges = s.States[1].Edges }},
		{"agency and no message", busy()},
		{"unknown agency", func(s *protocol.Spec) { s.States[1].Agency = 3 }},
		{"no limit", func(s *protocol.Spec) { s.States[1].Limit = 0 }},
		{"negative timeout", func(s *protocol.Spec) { s.States[1].Timeout = protocol.After(-1) }},
		{"timeout without a range", func(s *protocol.Spec) { s.States[1].Timeout = protocol.Between(2, 1) }},
		{"no message", busy(protocol.Edge{})},
		{"edge to nowhere", busy(edge("MsgAnswer", 1, 3))},
		{"edge to far away", busy(edge("MsgAnswer", 1, math.MaxUint8))},
		{"label twice in a state", busy(edge("MsgAnswer", 1, 0), edge("MsgAnswer", 1, 2))},
		{"label with two tags", busy(edge("MsgDone", 3, 0))},
		{"label with two senders", busy(edge("MsgDone", 2, 0))},
		{"tag twice in a state", busy(edge("MsgAnswer", 1, 0), protocol.Edge{Msg: specs["keep-alive"]().States[1].Edges[0].Msg, To: 0})},
		{"state that is not reached", func(s *protocol.Spec) { s.States[0].Edges = s.States[0].Edges[1:] }},
		{"no way to the end", func(s *protocol.Spec) { s.States[0].Edges = s.States[0].Edges[:1] }},
		{"dead end", busy(edge("MsgAnswer", 1, 1))},
	} {
		spec := sound()
		m.do(spec)
		if conformance.Check(spec) == nil {
			t.Errorf("%s: not found", m.what)
		}
	}
	// One message that is two transitions.
	spec := sound()
	busy(edge("MsgYes", 1, 0), edge("MsgNo", 1, 2))(spec)
	if err := conformance.Check(spec); err != nil {
		t.Error(err)
	}
	if conformance.Compare(sound(), conformance.Table{}) == nil {
		t.Error("equals an empty table")
	}
}
