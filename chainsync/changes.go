package chainsync

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/ledger"
)

// Changes tells the sources of one [Chain] how it changes. The zero value is ready to
// use and must not be copied.
//
// Whoever changes the chain calls Grew or RolledBack after each change, in the order of
// the changes, for example under the lock that guards the chain: no source keeps them
// waiting while it reads the chain.
type Changes struct {
	count atomic.Uint64 // changes so far
	next  wake.All

	mu   sync.Mutex
	cuts []cut // oldest first, and each on the chain that the one before it left
}

// cut is a change after which the chain went on, if at all, with other blocks.
type cut struct {
	count uint64 // Changes.count with it
	to    ledger.Tip
}

// maxCuts bounds Changes.cuts, 56 bytes each. Cuts that a deeper one followed are not
// kept, so only a chain that rolled back this often while a source did nothing exceeds it.
const maxCuts = 256

// Grew tells that blocks were added to the end of the chain.
func (c *Changes) Grew() {
	c.count.Add(1)
	c.next.Wake()
}

// RolledBack tells that the chain lost all blocks after to, its new end. For a switch to
// a fork, call it once, when the blocks of the fork are there, too, and with the block
// where the fork begins.
func (c *Changes) RolledBack(to ledger.Tip) {
	defer c.next.Wake()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cuts = slices.DeleteFunc(c.cuts, func(x cut) bool { return !before(x.to, to) })
	c.cuts = append(c.cuts, cut{c.count.Add(1), to})
	if len(c.cuts) > maxCuts {
		// Who needs the second is rolled back to the first: further than necessary.
		c.cuts[0].count = c.cuts[1].count
		c.cuts = slices.Delete(c.cuts, 1, 2)
	}
}

// since returns the lowest block that the chain was rolled back to after the first seen
// changes, if it was, and how many changes there are by now.
func (c *Changes) since(seen uint64) (to ledger.Tip, back bool, count uint64) {
	if c == nil || c.count.Load() == seen {
		return to, false, seen
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.cuts {
		if x.count > seen {
			return x.to, true, c.count.Load()
		}
	}
	return to, false, c.count.Load()
}

// before reports whether p stands before q on a chain that has both. A Byron boundary
// block may be in the slot of the block after it, and has another number.
func before(p, q ledger.Tip) bool {
	switch {
	case p.Point.Slot != q.Point.Slot:
		return p.Point.Slot < q.Point.Slot
	case p.Point.IsOrigin() || q.Point.IsOrigin():
		return !q.Point.IsOrigin()
	}
	return p.BlockNo < q.BlockNo
}

// wait returns nil once there are more changes than the first seen ones.
func (c *Changes) wait(ctx context.Context, seen uint64) error {
	var next <-chan struct{}
	if c != nil {
		next = c.next.Next()
		if c.count.Load() != seen {
			return nil
		}
	}
	select {
	case <-next:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
