package messagetest

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/ouronet/ouronet/protocol"
)

// startingIn returns a copy of spec that begins in a state.
func startingIn(spec *protocol.Spec, state protocol.StateID) *protocol.Spec {
	moved := *spec
	moved.States = slices.Clone(spec.States)
	moved.States[0], moved.States[state] = spec.States[state], spec.States[0]
	for i := range moved.States {
		edges := slices.Clone(moved.States[i].Edges)
		for j := range edges {
			switch edges[j].To {
			case 0:
				edges[j].To = state
			case state:
				edges[j].To = 0
			}
		}
		moved.States[i].Edges = edges
	}
	return &moved
}

// pieces is a transport on which bytes arrive in pieces. What is consumed is overwritten.
type pieces struct {
	unread []byte
	shown  int
	first  int // bytes of the first piece
	step   int // of each later one; 0 is all that is left
}

// Send implements protocol.Transport. Nothing is sent.
func (p *pieces) Send(context.Context, []byte, []byte) error {
	return errors.New("messagetest: a session that receives sent something")
}

// Peek implements protocol.Transport.
func (p *pieces) Peek(seen int) ([]byte, error) {
	if seen >= p.shown {
		switch {
		case p.shown == len(p.unread):
			return p.unread, io.EOF
		case p.shown == 0:
			p.shown = p.first
		case p.step > 0:
			p.shown += p.step
		default:
			p.shown = len(p.unread)
		}
	}
	return p.unread[:p.shown:p.shown], nil
}

// Ready implements protocol.Transport. Peek always has more.
func (p *pieces) Ready() <-chan struct{} { return nil }

// Consume implements protocol.Transport.
func (p *pieces) Consume(n int) {
	clear(p.unread[:n])
	p.unread, p.shown = p.unread[n:], p.shown-n
}
