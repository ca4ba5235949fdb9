package testnode

import (
	"context"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/ledger"
)

// Hooks change what a chain answers; nil is honest. They are called without
// locks, may block until ctx ends, and may be called from several goroutines.
type Hooks struct {
	// Intersect gets an answer of chain-sync and returns what to say.
	Intersect func(ctx context.Context, p ledger.Point, tip ledger.Tip, err error) (ledger.Point, ledger.Tip, error)

	// Update gets an update of chain-sync and returns what to send.
	Update func(ctx context.Context, u chainsync.Update) chainsync.Update

	// Range gets the blocks of a range, nil if it is not there, and returns
	// what to send.
	Range func(ctx context.Context, blocks []ledger.Block) []ledger.Block

	// Block is called before each block of a range.
	Block func(ctx context.Context, b ledger.Block)
}

// follower is a chainsync.Source. c.mu guards what follows it.
type follower struct {
	c       *Chain
	n       int  // blocks that the reader has
	back    bool // the next update is a rollback to them
	changed <-chan struct{}
}

// Intersect implements chainsync.Source.
func (f *follower) Intersect(ctx context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	p, tip, err := f.intersect(points)
	if f.c.hooks.Intersect != nil {
		return f.c.hooks.Intersect(ctx, p, tip, err)
	}
	return p, tip, err
}

func (f *follower) intersect(points []ledger.Point) (ledger.Point, ledger.Tip, error) {
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
func (f *follower) Next(ctx context.Context) (chainsync.Update, error) {
	u := f.next()
	if u != nil && f.c.hooks.Update != nil {
		u = f.c.hooks.Update(ctx, u)
	}
	return u, context.Cause(ctx)
}

func (f *follower) next() chainsync.Update {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	tip := f.c.tip(len(f.c.blocks))
	switch {
	case f.back:
		f.back = false
		return chainsync.RollBackward{Point: f.c.tip(f.n).Point, Tip: tip}
	case f.n < len(f.c.blocks):
		f.n++
		return chainsync.RollForward{Header: f.c.blocks[f.n-1].Header.Raw, Tip: tip}
	}
	f.changed = f.c.changed
	return nil
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
