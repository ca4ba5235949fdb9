package chain

import (
	"fmt"

	"github.com/ouronet/ouronet/ledger"
)

// resume makes a chain of points, newest first, the last being the anchor.
func (t *tree) resume(points []ledger.Point) error {
	if len(points) == 0 {
		return nil
	}
	if len(points) > MaxPoints {
		return fmt.Errorf("chain: Config.Points: %d of them: want %d at most", len(points), MaxPoints)
	}
	last := len(points) - 1
	t.anchor.point = points[last]
	t.anchor.bare = !points[last].IsOrigin()
	for i := last - 1; i >= 0; i-- {
		b := &block{
			point: points[i], height: t.tip.height + 1, parent: t.tip,
			held: true, ready: true, adopted: true, bare: true,
		}
		if !t.tip.point.IsOrigin() && b.point.Slot < t.tip.point.Slot || b.point.IsOrigin() || b.point == t.tip.point {
			return fmt.Errorf("chain: Config.Points: %v before %v: want the newest first", b.point, t.tip.point)
		}
		t.tip.child = b
		t.tip = b
		t.adopted.Push(b)
		t.bare = append(t.bare, b)
	}
	return nil
}

// bareBlock returns the block of our chain that has the hash and of which only
// that is known. A candidate that started at an older one meets our chain there
// again.
func (t *tree) bareBlock(hash ledger.Hash) *block {
	for _, b := range t.bare {
		if b.point.Hash == hash && b.adopted && !b.gone {
			return b
		}
	}
	return nil
}

// abandonBare takes a block off our chain that cannot be adopted again: its
// body is not held. Candidates that go over it start anew from an older one. It returns
// what left the tree.
func (t *tree) abandonBare(b *block) []*block {
	t.removed = t.removed[:0]
	b.adopted, b.held, b.ready = false, false, false
	t.side++
	t.removeTree(b)
	t.lost = true
	return t.removed
}
