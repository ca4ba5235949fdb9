package follow

import (
	"context"
	"errors"
	"log/slog"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// endChainSync ends chain-sync with a peer without blame; the core will want to try
// again. When not one peer has any of the points that the caller of Follow gave,
// nothing will come of it; an anchor is there to stay, and peers that are behind
// it may catch up.
func (e *Engine) endChainSync(s chain.StopChainSync) {
	l := e.links[s.Peer]
	if l == nil {
		return
	}
	if s.Err == chain.ErrNoIntersect { // says which package found it, and users know chainsync's
		s.Err = ErrNoIntersect
	}
	if stopped := e.cfg.Observer.Stopped; stopped != nil {
		stopped(l.upstream.address, s.Err, s.Retry)
	} else {
		e.log.LogAttrs(context.Background(), slog.LevelInfo, "stop following", slog.String("peer", l.conn.Peer()), slog.Any("error", s.Err), slog.Duration("retry", s.Retry))
	}
	e.recordTip(s.Peer, ledger.Tip{})
	l.upstream.recordStopped(s.Err)
	l.endChainSync()
	if e.cfg.Anchor != nil || !errors.Is(s.Err, ErrNoIntersect) || e.core.Tip() != e.start {
		return
	}
	e.markUnfollowable(l.upstream.address, &noIntersectError{l.upstream.lastTip()})
}

// recordEnd notes how the last attempt to follow a peer ended.
func (e *Engine) recordEnd(address string, err error) {
	switch {
	case node.Permanent(err):
		e.markUnfollowable(address, err)
	case !errors.Is(e.failed[address], ErrNoIntersect): // which only an intersection changes
		e.markFollowable(address)
	}
}

// markFollowable notes that a peer may be followed.
func (e *Engine) markFollowable(address string) {
	delete(e.failed, address)
	e.setStuck(nil)
}

// markUnfollowable notes that trying again to follow a peer cannot help. When that
// is so of all peers, the run ends, after what was adopted has been yielded; or,
// with [Config].Persist, it goes on and says so.
func (e *Engine) markUnfollowable(address string, err error) {
	if len(e.cfg.Peers) == 0 {
		return // whoever attaches connections knows what else there is
	}
	e.failed[address] = err
	var stuck UnfollowableError
	for _, peer := range e.cfg.Peers {
		err := e.failed[peer]
		if err == nil || errors.Is(err, ErrNoIntersect) && e.core.Tip() != e.start {
			return
		}
		failed := &node.PeerError{Peer: peer, Err: err}
		errors.As(err, &failed)
		stuck.Peers = append(stuck.Peers, *failed)
	}
	switch {
	case e.cfg.Persist:
		if e.setStuck(&stuck) {
			e.log.Warn("no peer can be followed") // each peer's reason is logged, or told, already
		}
	case e.over:
	default:
		e.over = true
		e.out.push(item{end: &stuck})
	}
}

// setStuck reports whether that is new.
func (e *Engine) setStuck(why *UnfollowableError) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.stuck
	e.stuck = why
	return before == nil && why != nil
}
