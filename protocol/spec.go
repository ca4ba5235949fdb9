package protocol

import "time"

// Role is one of the two sides of a mini-protocol.
type Role uint8

// The roles. Nobody has agency in a terminal state.
const (
	Nobody Role = iota
	Initiator
	Responder
)

// Peer returns the other side.
func (r Role) Peer() Role {
	switch r {
	case Initiator:
		return Responder
	case Responder:
		return Initiator
	}
	return Nobody
}

// String returns the role's name.
func (r Role) String() string { return [...]string{"nobody", "initiator", "responder"}[r%3] }

// StateID is the index of a state in [Spec].States.
type StateID uint8

// Spec is a mini-protocol as a table. It is data: a caller may copy one and
// change a limit or a timeout. Sessions read a Spec and never write it, so one
// Spec may serve any number of them as long as it does not change.
type Spec struct {
	Name    string // the specification's, such as "chain-sync"
	ID      uint16 // mini-protocol number on the wire
	Ingress int    // bytes that may be received and not yet looked at
	States  []State
}

// State is a row of the table. States[0] is where a conversation starts.
type State struct {
	Name    string  // the specification's, such as "StIdle"
	Agency  Role    // who sends the next message; Nobody in a terminal state
	Limit   int     // bytes, the largest message accepted in this state
	Timeout Timeout // how long the other side waits for the next message
	Edges   []Edge
}

// Edge is a message that may be sent in a state, and the state it leads to.
type Edge struct {
	Msg Message // a value of the message's type, see [Message]
	To  StateID
}

// Message is one message of a mini-protocol. The values in a Spec are
// prototypes: only their Label, Tag and Decode are used.
type Message interface {
	// Label is the specification's name of the message. Where one message on
	// the wire is two transitions, its value decides between two labels.
	Label() string

	// Tag is the first element of the message's array on the wire.
	Tag() uint64

	// AppendCBOR appends the message's encoding to dst.
	AppendCBOR(dst []byte) []byte

	// Decode reads a message of the receiver's type from raw, one well-formed
	// CBOR item that is valid during the call only: the result must not keep
	// any of it. The receiver's own value is not used.
	Decode(raw []byte) (Message, error)
}

// Body is implemented by messages that end with a long byte string, to send that
// without a copy. body is borrowed until it is written to the peer, and must not change
// until then: treat it as read-only for good.
type Body interface {
	Message
	// AppendHead appends all of the encoding but body, which follows it on the wire.
	AppendHead(dst []byte) (head, body []byte)
}

// Timeout is how long to wait for a message: a time drawn anew for every wait,
// uniformly between Min and Max. The zero Timeout waits for ever.
type Timeout struct {
	Min, Max time.Duration
}

// After returns the Timeout that is always d.
func After(d time.Duration) Timeout { return Timeout{d, d} }

// Between returns the Timeout that is drawn between least and most.
func Between(least, most time.Duration) Timeout { return Timeout{least, most} }

// Draw picks the time for one wait; random returns a number in [0, 1). The
// result is zero when there is no limit.
func (t Timeout) Draw(random func() float64) time.Duration {
	if t.Max <= t.Min {
		return t.Min
	}
	return t.Min + time.Duration(random()*float64(t.Max-t.Min))
}

// Limit returns the largest message that role may receive in any state.
func (s *Spec) Limit(role Role) int {
	limit := 0
	for i := range s.States {
		if s.States[i].Agency == role.Peer() {
			limit = max(limit, s.States[i].Limit)
		}
	}
	return limit
}

// edge finds the edge that label takes out of state.
func (s *Spec) edge(state StateID, label string) (to StateID, ok bool) {
	for i := range s.States[state].Edges {
		if e := &s.States[state].Edges[i]; e.Msg.Label() == label {
			return e.To, true
		}
	}
	return 0, false
}

// Pipelines reports whether a request that leads from home to entered may be
// sent while earlier ones are unanswered: every path of replies must lead back
// to home, through states in which the other side has agency.
func (s *Spec) Pipelines(home, entered StateID) bool {
	asker := s.States[home].Agency
	if asker == Nobody {
		return false
	}
	seen := make([]bool, len(s.States))
	seen[entered] = true
	for todo := []StateID{entered}; len(todo) > 0; {
		state := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if s.States[state].Agency != asker.Peer() {
			return false
		}
		for _, e := range s.States[state].Edges {
			if e.To != home && !seen[e.To] {
				seen[e.To] = true
				todo = append(todo, e.To)
			}
		}
	}
	return true
}
