package conformance

import (
	"slices"

	"github.com/ouronet/ouronet/protocol"
)

// Table is a mini-protocol as plain data, in the words of the specification.
// Its JSON form is made for people to write.
type Table struct {
	Name    string `json:"name"`
	Number  uint16 `json:"number"`
	Ingress int    `json:"ingress"` // bytes; [Compare] leaves it out if it is 0

	// Pipelined are the requests that may be sent while earlier ones are
	// unanswered.
	Pipelined []string `json:"pipelined"`

	States []TableState `json:"states"` // the first one is the start
}

// TableState is a state of a [Table].
type TableState struct {
	Name   string `json:"name"`
	Agency string `json:"agency"` // "initiator", "responder" or "nobody"
	Limit  int    `json:"limit,omitempty"`

	// Timeout is in seconds: none, one, or two that it is drawn between.
	Timeout []float64 `json:"timeout,omitempty"`

	Edges []TableEdge `json:"edges,omitempty"`
}

// TableEdge is a transition of a [Table].
type TableEdge struct {
	Message string `json:"message"` // its label
	Tag     uint64 `json:"tag"`
	To      string `json:"to"`
}

// TableOf writes down a Spec that passes [Check].
func TableOf(spec *protocol.Spec) Table {
	t := Table{Name: spec.Name, Number: spec.ID, Ingress: spec.Ingress}
	for i := range spec.States {
		s := &spec.States[i]
		state := TableState{Name: s.Name, Agency: s.Agency.String(), Limit: s.Limit, Timeout: seconds(s.Timeout)}
		for _, e := range s.Edges {
			label := e.Msg.Label()
			state.Edges = append(state.Edges, TableEdge{label, e.Msg.Tag(), spec.States[e.To].Name})
			if spec.Pipelines(protocol.StateID(i), e.To) && !slices.Contains(t.Pipelined, label) {
				t.Pipelined = append(t.Pipelined, label)
			}
		}
		t.States = append(t.States, state)
	}
	return t
}

func seconds(t protocol.Timeout) []float64 {
	switch {
	case t == protocol.Timeout{}:
		return nil
	case t.Min == t.Max:
		return []float64{t.Min.Seconds()}
	}
	return []float64{t.Min.Seconds(), t.Max.Seconds()}
}
