package conformance

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ouronet/ouronet/internal/testing/explore"
	"github.com/ouronet/ouronet/protocol"
)

// Model is a running mini-protocol: both sides, each a [protocol.Machine], and the
// messages on their way between them. [Model.Check] visits every situation that any
// choice of messages and any travel times lead to.
type Model struct {
	// Initiator and Responder are the tables that the sides follow: one and
	// the same, or two that are to be held against each other.
	Initiator, Responder *protocol.Spec

	// Depth is how many requests the side that asks keeps outstanding; 0 is 1.
	Depth int

	// Room is how many requests may wait at the side that answers; one more
	// is an overrun. 0 is Depth.
	Room int

	// Replies is how many messages may be on their way in any other
	// direction; the next one waits. 0 is Depth.
	Replies int
}

// NewModel returns the model of two sides that follow the same table.
func NewModel(spec *protocol.Spec, depth int) Model {
	return Model{Initiator: spec, Responder: spec, Depth: depth}
}

// Size is the extent of a model check.
type Size struct {
	States      int // situations: both sides and what is between them
	Transitions int // a side sends, or a message arrives
	Ends        int // situations in which the conversation is over
}

// String returns the counts in words.
func (s Size) String() string {
	return fmt.Sprintf("%d states, %d transitions, %d ends", s.States, s.Transitions, s.Ends)
}

// Faults of a model. They come wrapped in a [ModelError].
var (
	ErrDeadlock    = explore.ErrDeadlock
	ErrTwoAgencies = errors.New("both sides have agency")
	ErrNotAccepted = errors.New("message arrives where it is not accepted")
	ErrOutOfStep   = errors.New("nothing is under way and the sides are in different states")
	ErrNoRoom      = errors.New("more requests are under way than there is room for")
	ErrEndless     = explore.ErrEndless
)

// Step is one transition of a [Model].
type Step struct {
	Role    protocol.Role // who sends, or receives if it Arrives
	Label   string
	Arrives bool
}

// String tells the step in words.
func (s Step) String() string {
	if s.Arrives {
		return fmt.Sprintf("%s arrives at the %v", s.Label, s.Role)
	}
	return fmt.Sprintf("the %v sends %s", s.Role, s.Label)
}

// ModelError is a fault of a model, with a shortest way to it.
type ModelError struct {
	Protocol string    // mini-protocol
	Depth    int       // requests ahead of their answers
	Err      error     // what is wrong
	State    [2]string // of initiator and responder
	Trace    []Step    // from the start to where it shows
}

// Error gives both sides' states and, one a line, the moves that led there.
func (e *ModelError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s at depth %d: %v (%s, %s)", e.Protocol, e.Depth, e.Err, e.State[0], e.State[1])
	for i, s := range e.Trace {
		fmt.Fprintf(&b, "\n%4d. %v", i+1, s)
	}
	return b.String()
}

// Unwrap returns what went wrong in the last state.
func (e *ModelError) Unwrap() error { return e.Err }

// Check explores the model completely. It finds, with a shortest example, a
// situation in which neither side can go on, in which both sides have agency, in
// which a message arrives that is not accepted or more than there is room for,
// in which the sides disagree about the state, or from which no terminal state
// can be reached. The error is a [*ModelError].
//
// Two sides with the same table agree about a transition that is wrong in
// both: that is for [Check] and [Compare] to find.
func (m Model) Check() (Size, error) {
	x, err := m.explore()
	if err != nil {
		return Size{}, err
	}
	return Size{States: x.States, Transitions: x.Transitions, Ends: x.Ends}, x.explain(x.Endless())
}

// Path is a shortest way to a transition of the table.
type Path struct {
	State       string // where the sender of Message stands
	Message     string
	Outstanding int // requests of the asking side at that moment, this one included

	// Steps are all messages that are sent, by either side, up to Message and
	// including it, in an order in which they can be.
	Steps []Step
}

// Paths returns a shortest path to every transition, and for requests that may be sent
// ahead one for every number outstanding. Together they take every transition of the
// table.
func (m Model) Paths() ([]Path, error) {
	x, err := m.explore()
	if err != nil {
		return nil, err
	}
	return x.paths(), nil
}
