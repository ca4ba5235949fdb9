package relay

import (
	"context"
	"errors"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/ledger"
)

// readAhead is how many headers a follower reads from the folder at once.
const readAhead = 64

// follower is one reader of the chain, a chainsync.Source. It holds a position
// and little else, so a slow one costs nobody anything. It knows its place among the
// blocks in memory, which chainsync.NewSource would look up and copy headers from: twice
// the processor's time for each header from memory, and one more allocation at the tip.
type follower struct {
	s *store

	at   ledger.Point // the last block the reader knows of
	in   *entry       // the same, if it was in memory
	back bool         // the next update is a rollback to at

	ahead   []ledger.Header // read from the folder: those after at
	changed <-chan struct{} // of the store, as of the last Next that found nothing
}

func newFollower(s *store) *follower { return &follower{s: s, back: true} }

// Intersect implements chainsync.Source.
func (f *follower) Intersect(_ context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	for _, p := range points {
		f.s.mu.RLock()
		e, ok := f.s.find(p)
		f.s.mu.RUnlock()
		if !ok && e == nil {
			var err error
			if ok, err = f.s.inFolder(p); err != nil {
				return ledger.Point{}, ledger.Tip{}, err
			}
		}
		if ok {
			f.at, f.in, f.ahead, f.back = p, e, nil, true
			return p, f.s.Tip(), nil
		}
	}
	return ledger.Point{}, f.s.Tip(), chainsync.ErrNoIntersect
}

// errNoOrigin ends chain-sync with a follower that asks for all blocks, without an
// intersection, where the folder does not have all.
var errNoOrigin = errors.New("relay: the peer asked for the chain from the origin, but the folder begins later")

// Next implements chainsync.Source.
func (f *follower) Next(context.Context) (chainsync.Update, error) {
	if f.back && f.at.IsOrigin() && !f.s.hasOrigin() {
		return nil, errNoOrigin
	}
	for {
		update, older := f.recent()
		if !older {
			return update, nil
		}
		// The position is in the folder, which is never rolled back.
		if len(f.ahead) == 0 {
			var err error
			if f.ahead, err = f.s.db.NextHeaders(f.at, readAhead); err != nil {
				return nil, err
			}
		}
		if len(f.ahead) > 0 {
			h := f.ahead[0]
			f.ahead = f.ahead[1:]
			f.at, f.in = h.Point(), nil
			return chainsync.RollForward{Header: h.Raw, Tip: f.s.Tip()}, nil
		}
	}
}

// recent finds the next update if memory tells it; older means that it is in
// the folder.
func (f *follower) recent() (u chainsync.Update, older bool) {
	s := f.s
	s.mu.RLock()
	defer s.mu.RUnlock()
	if f.in != nil && f.in.state == abandoned {
		f.fork()
	}
	if f.back {
		f.back = false
		return chainsync.RollBackward{Point: f.at, Tip: s.tip()}, false
	}
	var next int64
	if f.in == nil {
		// The folder is a step ahead while a block moves there.
		if e := s.entries[f.at]; e != nil && e.state == adopted {
			f.in = e
		}
	}
	switch {
	case f.in != nil && f.in.state == adopted:
		next = f.in.pos + 1 - s.basePos
	case f.at != s.base.Point:
		return nil, true
	}
	if next == int64(len(s.chain)) {
		f.changed = s.changed.Next()
		return nil, false
	}
	e := s.chain[next]
	f.at, f.in, f.ahead = e.point, e, nil
	return chainsync.RollForward{Header: e.block.Header.Raw, Tip: s.tip()}, false
}

// fork moves the position back to where the chain it is on leaves the adopted
// one, which may be nowhere if that chain has become the adopted one again.
// Whatever is below the memory cannot have been abandoned.
func (f *follower) fork() {
	for e := f.in; ; e = e.prev {
		if x := f.s.entries[e.point]; x != nil && x.state == adopted {
			e = x // the same block, adopted again
		}
		if e.state != abandoned {
			f.at, f.in = e.point, e
			break
		}
		f.back = true
		if e.prev == nil {
			f.at, f.in = e.before, nil
			break
		}
	}
	f.ahead = nil
}

// Wait implements chainsync.Source.
func (f *follower) Wait(ctx context.Context) error {
	select {
	case <-f.changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
