package conform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// shake runs a handshake for each answer there may be, and some more with other
// data.
func (s *suite) shake(ctx context.Context, p *plan) (faults []string) {
	for _, e := range p.spec.States[handshake.StConfirm].Edges {
		faults = append(faults, s.shakeOnce(ctx, p, e.Msg.Label(), true)...)
	}
	for range 2 * tries {
		if more := s.shakeOnce(ctx, p, "", false); len(more) > 0 {
			return append(faults, more...)
		}
	}
	return faults
}

func (s *suite) shakeOnce(ctx context.Context, p *plan, hope string, honest bool) (faults []string) {
	l, err := s.open(ctx, p.spec)
	if err != nil {
		return []string{err.Error()}
	}
	defer l.close()
	peer, err := s.peer(p.spec, honest)
	if err == nil {
		peer.Choose = func(_ protocol.StateID, labels []string) (string, string) { return labels[0], hope }
		peer.Watch = func(_ bool, state protocol.StateID, m protocol.Message) { p.took(state, m.Label()) }
		err = peer.Run(ctx, l.channel)
	}
	if err != nil {
		return []string{err.Error()}
	}
	return nil
}

// tour takes as many transitions as it can on one connection, then some more
// with requests ahead of their answers.
func (s *suite) tour(ctx context.Context, p *plan) (faults []string) {
	if p.spec.ID == 3 {
		if err := s.gather(ctx); err != nil {
			faults = append(faults, "looking for blocks to ask for: "+err.Error())
		}
	}
	l, err := s.open(ctx, p.spec)
	if err != nil {
		return []string{err.Error()}
	}
	defer l.close()
	peer, err := s.peer(p.spec, true)
	if err != nil {
		return []string{err.Error()}
	}
	running, cancel := context.WithTimeout(ctx, s.cfg.Wait+s.cfg.Patience)
	defer cancel()
	last, said := "nothing", 0
	peer.Choose = func(state protocol.StateID, labels []string) (string, string) {
		if said++; said > 40*tries {
			clear(p.goals)
		}
		return p.choose(state, labels)
	}
	peer.Watch = func(ours bool, state protocol.StateID, m protocol.Message) {
		p.took(state, m.Label())
		last = m.Label()
	}
	err = peer.Run(running, l.channel)
	switch {
	case err == nil:
		if l.ended(ctx, 200*time.Millisecond) {
			faults = append(faults, fmt.Sprintf("it ended the connection after %s: %v", last, l.mux.Err()))
		} else if err := s.again(ctx, p, l); err != nil {
			faults = append(faults, fmt.Sprintf("started again after %s: %v", last, err))
		}
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil: // it may have nothing to say
	default:
		faults = append(faults, fmt.Sprintf("after %s: %v", last, err))
	}
	return append(faults, s.ahead(ctx, p)...)
}

// again starts a mini-protocol once more on the channel on which it has ended in
// order: it says something, hears an answer, and ends it. (mux, 7)
func (s *suite) again(ctx context.Context, p *plan, l *line) error {
	peer, err := s.peer(p.spec, true)
	if err != nil {
		return err
	}
	heard := false
	peer.Watch = func(ours bool, state protocol.StateID, m protocol.Message) {
		heard = heard || !ours
		p.took(state, m.Label())
	}
	peer.Choose = func(state protocol.StateID, _ []string) (string, string) {
		way := p.search(state, func(_ arc, to protocol.StateID) bool {
			return p.terminal(to) == heard && (heard || p.spec.States[to].Agency == protocol.Responder && !p.slow(to))
		})
		if way == nil {
			return "", ""
		}
		return way[0].label, ""
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Wait)
	defer cancel()
	err = peer.Run(ctx, l.channel)
	if err == nil {
		p.restarted = true
		return nil
	}
	if errors.Is(err, context.DeadlineExceeded) && heard { // it may have nothing more to say
		p.restarted = true
		return nil
	}
	return err
}

// ranges is from how many blocks ranges are made.
const ranges = 20

// gather reads the first headers of the node's chain, so that there are blocks
// to ask for.
func (s *suite) gather(ctx context.Context) error {
	l, err := s.open(ctx, chainsync.Spec())
	if err != nil {
		return err
	}
	defer l.close()
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Wait)
	defer cancel()
	updates := chainsync.NewInitiator(chainsync.Spec(), l.channel)
	if _, _, err := updates.Intersect(ctx, ledger.Origin); err != nil {
		return err
	}
	for u, err := range updates.Updates(ctx) {
		if err != nil {
			return err
		}
		if u, ok := u.(chainsync.RollForward); ok {
			h, err := s.cfg.Network.ParseHeader(u.Header)
			if err != nil {
				return err
			}
			s.blocks = append(s.blocks, ledger.Block{Header: h})
		}
		if n := len(s.blocks); n == ranges || n > 0 && s.blocks[n-1].Header.Tip() == updates.Tip() {
			break
		}
	}
	return nil
}

// depth is how many requests are sent ahead.
const depth = 6

// ahead converses with requests ahead of their answers.
func (s *suite) ahead(ctx context.Context, p *plan) []string {
	if conformance.Asks(p.spec) != protocol.Initiator {
		return nil
	}
	l, err := s.open(ctx, p.spec)
	if err != nil {
		return []string{err.Error()}
	}
	defer l.close()
	peer, err := s.peer(p.spec, true)
	if err != nil {
		return []string{err.Error()}
	}
	peer.Ahead, peer.Steps = depth, 60
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Wait)
	defer cancel()
	peer.Watch = func(_ bool, state protocol.StateID, m protocol.Message) { p.taken[arc{state, m.Label()}]++ }
	if err := peer.Run(ctx, l.channel); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return []string{fmt.Sprintf("with up to %d requests ahead: %v", depth, err)}
	}
	return nil
}
