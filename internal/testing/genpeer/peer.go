package genpeer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ouronet/ouronet/protocol"
)

// Peer is one side of a conversation. Its zero Fault is a legal peer.
type Peer struct {
	Spec   *protocol.Spec
	Role   protocol.Role
	Author Author
	Rand   *rand.Rand

	// Fault is how it breaks the protocol, with its message number At, or
	// later if the fault is not possible there. Messages count from 0.
	Fault Fault
	At    int

	// In, if not nil, says in which states the fault may be committed, in
	// place of At.
	In func(protocol.StateID) bool

	// Label, if not "", is the message of WrongMessage and WrongAgency.
	Label string

	// Ahead is how many requests a peer that asks keeps outstanding at most;
	// 0 is 1.
	Ahead int

	// Steps is after how many messages it seeks the end.
	Steps int

	// Choose, if not nil, picks the next message and the answer to hope for;
	// "" ends the conversation with [ErrSpeechless].
	Choose func(state protocol.StateID, labels []string) (label, hope string)

	// Watch, if not nil, gets each message, ours or not, with the state in which it
	// was sent.
	Watch func(ours bool, state protocol.StateID, m protocol.Message)

	home protocol.StateID // where outstanding requests were sent from
}

// ErrSpeechless means that nothing the table allows would be right to say.
var ErrSpeechless = errors.New("genpeer: nothing to say")

// Broken is the result of a peer that has committed its fault.
type Broken struct {
	State protocol.StateID // in which it did
	At    time.Time
}

// Error does not describe the fault: its fields do.
func (b *Broken) Error() string { return "genpeer: the fault was committed" }

// Run converses until the end, which returns nil, the fault, which returns
// [*Broken], or an error: of the transport, or what the other side did wrong.
func (p *Peer) Run(ctx context.Context, t protocol.Transport) error {
	s := protocol.NewSession[protocol.Message](p.Spec, p.Role, t)
	for n := 0; !s.Machine().Done(); {
		state := s.Machine().State()
		if !s.Machine().Ours() {
			sent, err := p.ahead(ctx, s, n)
			if err != nil {
				return err
			}
			if sent {
				n++
				continue
			}
			m, err := s.Recv(ctx)
			if err != nil {
				return err
			}
			p.saw(false, state, m)
			if err := p.Author.Heard(m); err != nil {
				return fmt.Errorf("%s in %s: %w", m.Label(), p.Spec.States[state].Name, err)
			}
			continue
		}
		if p.due(state, n) {
			if done, err := p.offend(ctx, t, state); done || err != nil {
				return errors.Join(err, &Broken{state, time.Now()})
			}
		}
		m, err := p.next(state, n)
		if err != nil {
			return err
		}
		if p.Fault == Surplus && p.due(state, n) {
			if err := p.twice(ctx, t, state, m); err != nil {
				return err
			}
		}
		send := s.Send
		if p.Ahead > 1 && p.pipelines(state, m.Label()) {
			send, p.home = s.Request, state
		}
		if err := send(ctx, m); err != nil {
			return err
		}
		p.saw(true, state, m)
		n++
	}
	return nil
}

// ahead sends, perhaps, another request before the last one is answered.
func (p *Peer) ahead(ctx context.Context, s *protocol.Session[protocol.Message], n int) (sent bool, err error) {
	if out := s.Machine().Outstanding(); out == 0 || out >= p.Ahead || n >= p.Steps || n >= p.At && p.Fault != Legal || p.Rand.IntN(3) == 0 {
		return false, nil
	}
	var may []protocol.Edge
	for _, e := range p.Spec.States[p.home].Edges {
		if p.Spec.Pipelines(p.home, e.To) && p.Spec.Pipelines(p.home, s.Machine().State()) {
			may = append(may, e)
		}
	}
	if len(may) == 0 {
		return false, nil
	}
	m := p.Author.Compose(may[p.Rand.IntN(len(may))].Msg.Label(), "")
	if m == nil {
		return false, nil
	}
	if err := s.Request(ctx, m); err != nil {
		return false, err
	}
	p.saw(true, p.home, m)
	return true, nil
}

// due reports whether it is time for the fault.
func (p *Peer) due(state protocol.StateID, n int) bool {
	if p.Fault == Legal || p.In != nil {
		return p.Fault != Legal && p.In(state)
	}
	return n >= p.At
}

// pipelines reports whether a message may have others behind it.
func (p *Peer) pipelines(state protocol.StateID, label string) bool {
	return slices.ContainsFunc(p.Spec.States[state].Edges, func(e protocol.Edge) bool {
		return e.Msg.Label() == label && p.Spec.Pipelines(state, e.To)
	})
}

func (p *Peer) saw(ours bool, state protocol.StateID, m protocol.Message) {
	if p.Watch != nil {
		p.Watch(ours, state, m)
	}
}

// next composes the next message.
func (p *Peer) next(state protocol.StateID, n int) (protocol.Message, error) {
	edges := slices.Clone(p.Spec.States[state].Edges)
	if p.Choose != nil {
		var labels []string
		for _, e := range edges {
			labels = append(labels, e.Msg.Label())
		}
		label, hope := p.Choose(state, labels)
		if label != "" {
			if m := p.Author.Compose(label, hope); m != nil {
				return m, nil
			}
		}
		return nil, fmt.Errorf("%w: %s in %s, for %s", ErrSpeechless, label, p.Spec.States[state].Name, hope)
	}
	p.Rand.Shuffle(len(edges), func(i, j int) { edges[i], edges[j] = edges[j], edges[i] })
	// The end comes last, or first once there were enough messages.
	slices.SortStableFunc(edges, func(a, b protocol.Edge) int {
		rank := func(e protocol.Edge) int {
			if ends := p.Spec.States[e.To].Agency == protocol.Nobody; ends != (n >= p.Steps) {
				return 1
			}
			return 0
		}
		return rank(a) - rank(b)
	})
	for _, e := range edges {
		if m := p.Author.Compose(e.Msg.Label(), ""); m != nil {
			return m, nil
		}
	}
	return nil, fmt.Errorf("%w in %s", ErrSpeechless, p.Spec.States[state].Name)
}
