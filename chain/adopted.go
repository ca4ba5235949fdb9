package chain

import (
	"sort"

	"github.com/ouronet/ouronet/ledger"
)

// adopt makes b, a child of our tip that is held, the tip of our chain.
func (t *tree) adopt(b *block) {
	if b.kept {
		t.unkeep(b)
	}
	b.adopted = true
	t.side--
	t.heldBytes -= b.bytes
	t.adopted.Push(b)
	t.tip = b
}

// abandon takes the tip off our chain and returns what left the tree, valid until the
// next call. The block stays known until it falls below k, for followers that stand
// there and in case we come back.
func (t *tree) abandon() []*block {
	b := t.adopted.PopLast()
	t.tip = b.parent
	if b.bare {
		return t.abandonBare(b)
	}
	b.adopted, b.kept = false, true
	t.keptN++
	t.lastKept++
	b.keptNo = t.lastKept
	t.kept.Push(keptBlock{b, b.keptNo})
	return nil
}

// unkeep makes b an ordinary block beside our chain.
func (t *tree) unkeep(b *block) {
	b.kept = false
	t.keptN--
	t.side++
	t.heldBytes += b.bytes
}

// keptBlock is an entry of tree.kept. A block that is left behind a second time
// has a second entry; the first must not count, or the block would be forgotten
// before those that follow it.
type keptBlock struct {
	b  *block
	no uint64
}

func (e keptBlock) live() bool { return e.b.kept && e.b.keptNo == e.no }

// crowded reports whether the queue of old forks must shrink: it has more than k blocks,
// or begins with an entry that no longer counts. Without that, a peer that makes us
// switch again and again would let it grow for ever.
func (t *tree) crowded() bool {
	return t.kept.Len() > 0 && (t.keptN > t.k || !t.kept.At(0).live())
}

// popKept takes the oldest entry of the queue of old forks, and returns its block if it
// still counts.
func (t *tree) popKept() *block {
	if e := t.kept.PopFirst(); e.live() {
		return e.b
	}
	return nil
}

// trimKept keeps the queue of old forks short.
func (t *tree) trimKept() {
	if t.kept.Len() > 2*t.keptN+64 {
		t.kept.DeleteFunc(func(e keptBlock) bool { return !e.live() })
	}
}

// advance moves the anchor so that k blocks of our chain are above it, and drops the
// forks that leave it below. It returns the blocks that left the tree, the former
// anchors among them, valid until the next call.
func (t *tree) advance() []*block {
	t.removed = t.removed[:0]
	for t.adopted.Len() > t.k {
		old, b := t.anchor, t.adopted.PopFirst()
		for x := old.child; x != nil; {
			next := x.next
			if x != b {
				t.lost = true
				t.removeTree(x)
			}
			x = next
		}
		old.gone, old.child = true, nil
		t.removed = append(t.removed, old)
		t.lost = t.lost || old.tips > 0
		b.parent, b.next, b.prev = nil, nil, nil
		t.anchor = b
		t.moved = true
	}
	return t.removed
}

// onChain returns the block of our chain, anchor included, with the point.
func (t *tree) onChain(p ledger.Point) *block {
	if t.anchor.point == p {
		return t.anchor
	}
	n := t.adopted.Len()
	i := sort.Search(n, func(i int) bool { return t.adopted.At(i).point.Slot >= p.Slot })
	for ; i < n && t.adopted.At(i).point.Slot == p.Slot; i++ {
		if b := t.adopted.At(i); b.point == p {
			return b
		}
	}
	return nil
}

// offer returns points, which all peers share as long as our chain is the same:
// there may be many, see Config.Points.
func (t *tree) offer() []ledger.Point {
	if t.offeredTip != t.tip || t.offeredAnchor != t.anchor {
		t.offeredTip, t.offeredAnchor, t.offered = t.tip, t.anchor, t.points()
	}
	return t.offered
}

// points returns what to offer for an intersection: our tip, then blocks at
// Fibonacci distances, then the anchor, which is k back or the oldest known.
// (relay-behaviour, 5.1)
func (t *tree) points() []ledger.Point {
	n := t.adopted.Len()
	ps := make([]ledger.Point, 0, 20)
	for d, next := 0, 1; d < n; d, next = next, max(d+next, 2) {
		if t.tip.bare { // they were chosen by the caller
			next = d + 1
		}
		ps = append(ps, t.adopted.At(n-1-d).point)
	}
	return append(ps, t.anchor.point)
}
