package genpeer

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/protocol"
)

// Fault is a way to break any mini-protocol.
type Fault uint8

// The faults.
const (
	Legal        Fault = iota
	WrongMessage       // one of its own, for another state
	WrongAgency        // one of the other side's
	Surplus            // its own and the same again: speaks when it has handed the turn over
	TooLarge           // over the state's limit
	TooLate            // silence
	Malformed          // no CBOR, another shape, or an unknown tag
)

// Faults are all of them.
var Faults = []Fault{WrongMessage, WrongAgency, Surplus, TooLarge, TooLate, Malformed}

// String names the fault.
func (f Fault) String() string {
	return [...]string{"legal", "wrong message", "wrong agency", "surplus message", "too large", "too late", "malformed"}[f]
}

// offend commits the fault. It returns false if the state has no room for it.
func (p *Peer) offend(ctx context.Context, t protocol.Transport, state protocol.StateID) (done bool, err error) {
	var raw []byte
	switch p.Fault {
	case WrongMessage:
		raw = p.foreign(state, p.Role)
	case WrongAgency:
		raw = p.foreign(state, p.Role.Peer())
	case TooLarge:
		raw = p.large(state)
	case Malformed:
		raw = p.malformed(state)
	case TooLate:
		return true, nil
	case Surplus:
		return false, nil // see twice
	}
	if raw == nil {
		return false, nil
	}
	// In one go and, if it is long, without copying it.
	return true, t.Send(ctx, nil, raw)
}

// foreign returns a message that a role sends in other states only.
func (p *Peer) foreign(state protocol.StateID, role protocol.Role) []byte {
	edges := p.Spec.States[state].Edges
	var found [][]byte
	for _, s := range p.Spec.States {
		for _, e := range s.Edges {
			here := slices.ContainsFunc(edges, func(x protocol.Edge) bool { return x.Msg.Tag() == e.Msg.Tag() })
			if s.Agency != role || here {
				continue
			}
			if m := Value(p.Rand, p.Spec.Name, e.Msg.Label()); m != nil {
				found = append(found, m.AppendCBOR(nil))
			}
		}
	}
	// Others would be refused for their size.
	found = slices.DeleteFunc(found, func(raw []byte) bool { return len(raw) > p.Spec.States[state].Limit })
	if len(found) == 0 {
		return nil
	}
	return found[p.Rand.IntN(len(found))]
}

func (p *Peer) tag(state protocol.StateID) uint64 {
	edges := p.Spec.States[state].Edges
	return edges[p.Rand.IntN(len(edges))].Msg.Tag()
}

// large returns a message with a tag of the state and more bytes than allowed.
func (p *Peer) large(state protocol.StateID) []byte {
	raw := cbor.AppendMessage(nil, 2, p.tag(state))
	return cbor.AppendBytes(raw, bytes.Repeat([]byte{0xff}, p.Spec.States[state].Limit))
}

// unknownTag is one that no mini-protocol uses.
const unknownTag = 200

func (p *Peer) malformed(state protocol.StateID) []byte {
	switch p.Rand.IntN(4) {
	case 0:
		return []byte{0xff} // a break of nothing
	case 1:
		return cbor.AppendMessage(nil, 1, unknownTag)
	case 2: // right tag, nothing that fits
		raw := cbor.AppendMessage(nil, 9, p.tag(state))
		for range 8 {
			raw = cbor.AppendNull(raw)
		}
		return raw
	}
	return cbor.AppendText(nil, "hello") // CBOR, but no message
}

// twice sends the message that hands over the turn, and it again.
func (p *Peer) twice(ctx context.Context, t protocol.Transport, state protocol.StateID, m protocol.Message) error {
	for _, e := range p.Spec.States[state].Edges {
		if e.Msg.Label() == m.Label() && p.Spec.States[e.To].Agency == p.Role.Peer() {
			raw := m.AppendCBOR(nil)
			p.saw(true, state, m)
			if err := t.Send(ctx, append(slices.Clone(raw), raw...), nil); err != nil {
				return err
			}
			return &Broken{state, time.Now()}
		}
	}
	return nil
}
