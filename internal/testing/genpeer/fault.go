package genpeer

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/ouronet/ouronet/chainsync"
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
	NoCBOR             // bytes that are no item
	NoMessage          // an item that is no message
	WrongShape         // a message's tag before what does not belong to it
	UnknownTag         // a message of no mini-protocol
)

// Faults are all of them.
var Faults = []Fault{WrongMessage, WrongAgency, Surplus, TooLarge, TooLate, NoCBOR, NoMessage, WrongShape, UnknownTag}

// String names the fault.
func (f Fault) String() string {
	return [...]string{"legal", "wrong message", "wrong agency", "surplus message", "too large", "too late",
		"no CBOR", "no message", "wrong shape", "unknown tag"}[f]
}

// offend commits the fault. It returns false if the state has no room for it.
func (p *Peer) offend(ctx context.Context, t protocol.Transport, state protocol.StateID) (done bool, err error) {
	var raw []byte
	switch p.Fault {
	case WrongMessage, WrongAgency:
		raw = p.foreign(state)
	case TooLarge:
		raw = p.large(state)
	case TooLate:
		return true, nil
	case Surplus:
		return false, nil // see twice
	case NoCBOR:
		raw = []byte{0xff} // a break of nothing
	case NoMessage:
		raw = cbor.AppendText(nil, "hello")
	case WrongShape:
		raw = cbor.AppendMessage(nil, 9, p.tag(state))
		for range 8 {
			raw = cbor.AppendNull(raw)
		}
	case UnknownTag:
		raw = cbor.AppendMessage(nil, 1, unknownTag)
	}
	if raw == nil {
		return false, nil
	}
	// In one go and, if it is long, without copying it.
	return true, t.Send(ctx, nil, raw)
}

// unknownTag is one that no mini-protocol uses.
const unknownTag = 200

// Foreign returns the labels of a side's messages that are wrong in a state,
// and look wrong: that share no tag with one that is right.
func Foreign(spec *protocol.Spec, state protocol.StateID, sender protocol.Role) (labels []string) {
	right := spec.States[state].Edges
	for _, s := range spec.States {
		for _, e := range s.Edges {
			here := slices.ContainsFunc(right, func(x protocol.Edge) bool { return x.Msg.Tag() == e.Msg.Tag() })
			if s.Agency == sender && !here && !slices.Contains(labels, e.Msg.Label()) {
				labels = append(labels, e.Msg.Label())
			}
		}
	}
	return labels
}

// foreign returns a message that the state does not allow.
func (p *Peer) foreign(state protocol.StateID) []byte {
	sender := p.Role
	if p.Fault == WrongAgency {
		sender = p.Role.Peer()
	}
	labels := Foreign(p.Spec, state, sender)
	if p.Label != "" {
		labels = slices.DeleteFunc(labels, func(label string) bool { return label != p.Label })
	}
	if len(labels) == 0 {
		return nil
	}
	label := labels[p.Rand.IntN(len(labels))]
	for {
		raw := Value(p.Rand, p.Spec.Name, label).AppendCBOR(nil)
		if len(raw) <= p.Spec.States[state].Limit {
			return raw // others would be refused for their size
		}
	}
}

func (p *Peer) tag(state protocol.StateID) uint64 {
	edges := p.Spec.States[state].Edges
	return edges[p.Rand.IntN(len(edges))].Msg.Tag()
}

// large returns a message with more bytes than the state allows, which is a
// right one but for that where there can be any. It is little longer than the
// limit: a node that does not keep the limit has room for it.
func (p *Peer) large(state protocol.StateID) []byte {
	limit := p.Spec.States[state].Limit
	switch {
	case p.Spec.ID == 0 && p.Role == protocol.Initiator: // versions nobody knows, with data to match
		const versions, first = 100, 1000
		raw := cbor.AppendMap(cbor.AppendMessage(nil, 2, 0), versions)
		for v := range uint64(versions) {
			raw = cbor.AppendBytes(cbor.AppendUint(raw, first+v), make([]byte, limit/versions))
		}
		return raw
	case p.Spec.ID == 2 && p.Role == protocol.Initiator && state == chainsync.StIdle:
		var m chainsync.FindIntersect
		for size := 0; size <= limit; {
			point := values{p.Rand}.nowhere()
			m.Points = append(m.Points, point)
			size += len(point.AppendCBOR(nil))
		}
		return m.AppendCBOR(nil)
	}
	raw := cbor.AppendMessage(nil, 2, p.tag(state))
	return cbor.AppendBytes(raw, bytes.Repeat([]byte{0xff}, limit))
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
