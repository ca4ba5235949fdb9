package chaintest

import (
	"context"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/ledger"
)

// follower is a chainsync.Source. c.mu guards what follows it.
type follower struct {
	c       *Chain
	n       int             // blocks that the reader has
	back    bool            // the next update is a rollback to them
	changed <-chan struct{} // of the last Next
}

// Intersect implements chainsync.Source.
func (f *follower) Intersect(_ context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	tip := f.c.tip(len(f.c.blocks))
	for _, p := range points {
		if n, ok := f.c.position(p); ok {
			f.n, f.back = n, true
			return p, tip, nil
		}
	}
	return ledger.Point{}, tip, chainsync.ErrNoIntersect
}

// Next implements chainsync.Source.
func (f *follower) Next(context.Context) (chainsync.Update, error) {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	f.changed = f.c.changed
	tip := f.c.tip(len(f.c.blocks))
	switch {
	case f.back:
		f.back = false
		return chainsync.RollBackward{Point: f.c.tip(f.n).Point, Tip: tip}, nil
	case f.n < len(f.c.blocks):
		f.n++
		return chainsync.RollForward{Header: f.c.blocks[f.n-1].Header.Raw, Tip: tip}, nil
	}
	return nil, nil
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
