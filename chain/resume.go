package chain

import (
	"fmt"

	"github.com/ouronet/ouronet/ledger"
)

// resume makes a chain of points, newest first, the last being the anchor.
func (c *Core) resume(points []ledger.Point) error {
	if len(points) == 0 {
		return nil
	}
	if len(points) > MaxPoints {
		return fmt.Errorf("chain: Config.Points: %d of them: want %d at most", len(points), MaxPoints)
	}
	last := len(points) - 1
	c.anchor.point = points[last]
	c.anchor.bare = !points[last].IsOrigin()
	for i := last - 1; i >= 0; i-- {
		b := &block{
			point: points[i], height: c.tip.height + 1, parent: c.tip,
			held: true, ready: true, adopted: true, bare: true,
		}
		if !c.tip.point.IsOrigin() && b.point.Slot < c.tip.point.Slot || b.point.IsOrigin() || b.point == c.tip.point {
			return fmt.Errorf("chain: Config.Points: %v before %v: want the newest first", b.point, c.tip.point)
		}
		c.tip.child = b
		c.tip = b
		c.adopted.push(b)
		c.bare = append(c.bare, b)
	}
	c.advance()
	return nil
}

// bareBlock returns the block of our chain that has the hash and of which only
// that is known. A candidate that started at an older one meets our chain there
// again.
func (c *Core) bareBlock(hash ledger.Hash) *block {
	for _, b := range c.bare {
		if b.point.Hash == hash && b.adopted && !b.gone {
			return b
		}
	}
	return nil
}

// abandonBare takes a block off our chain that cannot be adopted again: its
// body is not held. Candidates that go over it start anew from an older one.
func (c *Core) abandonBare(b *block) {
	b.adopted, b.held, b.ready = false, false, false
	c.side++
	c.removeTree(b)
	c.lost = true
}
