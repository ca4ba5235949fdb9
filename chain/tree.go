package chain

import (
	"github.com/ouronet/ouronet/internal/queue"
	"github.com/ouronet/ouronet/ledger"
)

// tree holds the blocks above the anchor that are needed: our chain, the
// candidates, and what was on our chain until lately. Its methods keep its counts,
// and return the blocks that left it, so that the caller can act on them.
type tree struct {
	k      int         // Config.K
	maxGap ledger.Slot // Config.MaxGap
	prefer func(ours, cand *ledger.Header) bool

	anchor  *block
	tip     *block              // of our chain
	adopted queue.Queue[*block] // our chain above the anchor
	bare    []*block            // of our chain, above the anchor at the start
	stands  *block              // where the judge stands: what it found valid last, or went back to; nil without one

	kept     queue.Queue[keptBlock] // left behind by switches, oldest first; some not kept any more
	keptN    int                    // of them kept
	lastKept uint64

	side      int // blocks neither adopted nor kept
	heldBytes int // of those that are held

	// What happened since the caller reset them.
	moved bool // the anchor did
	lost  bool // candidates lost blocks

	// What was offered for an intersection last, and for which chain.
	offered                   []ledger.Point
	offeredTip, offeredAnchor *block

	removed, stack, route []*block // scratch
}

func newTree(cfg *Config) tree {
	root := &block{
		point: cfg.Anchor.Point, no: cfg.Anchor.BlockNo,
		held: true, ready: true, adopted: true,
	}
	return tree{k: cfg.K, maxGap: cfg.MaxGap, prefer: cfg.Prefer, anchor: root, tip: root}
}

// add puts a header that follows b into the tree.
func (t *tree) add(b *block, h *ledger.Header) *block {
	x := &block{
		header: *h, // a pointer into the caller's batch would keep all of it
		point:  h.Point(), no: h.BlockNo,
		height: b.height + 1, parent: b, next: b.child, size: h.BlockSize(), barrier: b.barrier,
	}
	x.h = &x.header
	if b.child != nil {
		b.child.prev = x
	}
	b.child = x
	t.side++
	return x
}

// prune removes b if nothing needs it, and then its ancestors likewise. It returns what
// it removed, valid until the next call.
func (t *tree) prune(b *block) []*block {
	t.removed = t.removed[:0]
	for !b.needed() {
		parent := b.parent
		t.remove(b)
		b = parent
	}
	return t.removed
}

// removeTree removes b and all its descendants, needed or not.
func (t *tree) removeTree(b *block) {
	for root := b; ; {
		for b.child != nil {
			b = b.child
		}
		parent := b.parent
		t.remove(b)
		if b == root {
			return
		}
		b = parent
	}
}

// remove removes b, which has no child and is not adopted.
func (t *tree) remove(b *block) {
	if t.stands == b {
		t.stands = b.parent
	}
	b.unlink()
	b.gone, b.ready = true, false
	if b.kept {
		t.unkeep(b)
	}
	t.side--
	if b.held {
		t.heldBytes -= b.bytes
	}
	t.removed = append(t.removed, b)
}

// hold records that the caller has b's body.
func (t *tree) hold(b *block, bytes int) {
	b.held, b.bytes = true, bytes
	t.heldBytes += bytes
}

// unhold records that the caller no longer has b's body, b being in the tree and
// neither adopted nor kept.
func (t *tree) unhold(b *block) {
	t.heldBytes -= b.bytes
	b.held, b.bytes = false, 0
	if b.ready {
		b.ready = false
		for x := b.child; x != nil; x = x.next {
			t.unready(x)
		}
	}
}

// makeReady marks b, which follows our chain without a gap, and its held
// descendants.
func (t *tree) makeReady(b *block) {
	stack := append(t.stack[:0], b)
	for len(stack) > 0 {
		b := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		b.ready = true
		for x := b.child; x != nil; x = x.next {
			if x.held && !x.ready {
				stack = append(stack, x)
			}
		}
	}
	t.stack = stack
}

func (t *tree) unready(b *block) {
	stack := append(t.stack[:0], b)
	for len(stack) > 0 {
		b := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !b.ready {
			continue
		}
		b.ready = false
		for x := b.child; x != nil; x = x.next {
			stack = append(stack, x)
		}
	}
	t.stack = stack
}
