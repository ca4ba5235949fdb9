package conform

import (
	"time"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/protocol"
)

// arc names a transition.
type arc struct {
	state protocol.StateID
	label string
}

// plan steers a conversation to transitions that have not been taken.
type plan struct {
	spec  *protocol.Spec
	goals map[arc]int // how often to try for it still
	taken map[arc]int
	avoid map[arc]bool // what must not be said

	restarted bool // the conversation was begun again after its end
}

// tries is how often the same transition is aimed at: the node may answer
// otherwise.
const tries = 6

// newPlan aims at all transitions that the model check has a path to.
func newPlan(spec *protocol.Spec) (*plan, error) {
	p := &plan{spec: spec, goals: make(map[arc]int), taken: make(map[arc]int), avoid: make(map[arc]bool)}
	paths, err := conformance.NewModel(spec, 1).Paths()
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		p.goals[arc{p.state(path.State), path.Message}] = tries
	}
	return p, nil
}

func (p *plan) state(name string) protocol.StateID {
	for i := range p.spec.States {
		if p.spec.States[i].Name == name {
			return protocol.StateID(i)
		}
	}
	return 0
}

// took notes a transition.
func (p *plan) took(state protocol.StateID, label string) {
	p.taken[arc{state, label}]++
	delete(p.goals, arc{state, label})
}

// choose picks what leads to the nearest goal, and the answer to hope for on
// the way. Goals in which the node may take its time come last, and without
// any it picks what leads to the end.
func (p *plan) choose(state protocol.StateID, _ []string) (label, hope string) {
	way := p.search(state, func(a arc, to protocol.StateID) bool { return p.goals[a] > 0 && !p.terminal(to) && !p.slow(to) })
	if way == nil {
		way = p.search(state, func(a arc, to protocol.StateID) bool { return p.goals[a] > 0 && !p.terminal(to) })
	}
	if way == nil {
		way = p.search(state, func(_ arc, to protocol.StateID) bool { return p.terminal(to) })
	}
	if way == nil {
		return "", ""
	}
	goal := way[len(way)-1]
	if p.goals[goal] > 0 {
		p.goals[goal]--
	}
	if len(way) > 1 {
		hope = way[1].label
	}
	return way[0].label, hope
}

func (p *plan) terminal(s protocol.StateID) bool { return p.spec.States[s].Agency == protocol.Nobody }

// slow reports whether it is normal to wait long for the node in a state.
func (p *plan) slow(s protocol.StateID) bool {
	return p.spec.States[s].Agency == protocol.Responder && p.spec.States[s].Timeout.Max > 2*time.Minute
}

// search returns the shortest way whose last transition is one that is wanted.
func (p *plan) search(from protocol.StateID, wanted func(arc, protocol.StateID) bool) []arc {
	type node struct {
		at  protocol.StateID
		way []arc
	}
	seen := map[protocol.StateID]bool{from: true}
	for todo := []node{{at: from}}; len(todo) > 0; todo = todo[1:] {
		n := todo[0]
		for _, e := range p.spec.States[n.at].Edges {
			a := arc{n.at, e.Msg.Label()}
			way := append(n.way[:len(n.way):len(n.way)], a)
			if p.avoid[a] {
				continue
			}
			if wanted(a, e.To) {
				return way
			}
			if !seen[e.To] {
				seen[e.To] = true
				todo = append(todo, node{e.To, way})
			}
		}
	}
	return nil
}

// reach returns a chooser that leads to a state.
func (p *plan) reach(goal protocol.StateID) func(protocol.StateID, []string) (string, string) {
	return func(state protocol.StateID, _ []string) (label, hope string) {
		way := p.search(state, func(_ arc, to protocol.StateID) bool { return to == goal })
		if way == nil {
			return "", ""
		}
		if len(way) > 1 {
			hope = way[1].label
		}
		return way[0].label, hope
	}
}
