package chain

import "github.com/ouronet/ouronet/ledger"

// block is a node of the header tree. The tree's root is the anchor; every
// other block has a parent. There is no index by hash: each message of a peer
// is about the end of that peer's candidate, which is at hand.
type block struct {
	h     *ledger.Header // nil for the anchor the core started with
	point ledger.Point
	no    ledger.BlockNo

	// height counts blocks from the first anchor. Depth is measured by it
	// because boundary blocks do not have a number of their own.
	height uint64

	parent, child, next, prev *block // child is the newest one

	size  int // estimate, bytes
	bytes int // of the block, once held

	// What keeps a block in the tree, beside its children and the flags
	// adopted and kept.
	tips   int    // candidates that end here
	claims int    // ranges, cancelled ones too, that may still bring it
	keptNo uint64 // of the latest entry in Core.kept

	span *span // the range it is waited for with: of several, the latest

	held    bool // the caller has the body
	ready   bool // held, and so is all between it and the adopted chain
	adopted bool // on our chain; true for the anchor
	kept    bool // was on our chain
	onPath  bool // part of Core.path
	gone    bool // no longer in the tree
	bare    bool // only the point is known, see Config.Points
}

func (b *block) tip() ledger.Tip { return ledger.Tip{Point: b.point, BlockNo: b.no} }

func (b *block) isEBB() bool { return b.h != nil && b.h.Raw.EBB }

// find returns b's child with the hash. The siblings are few: each is wanted
// by a peer of its own.
func (b *block) find(hash ledger.Hash) *block {
	for x := b.child; x != nil; x = x.next {
		if x.point.Hash == hash {
			return x
		}
	}
	return nil
}

// add puts a header that follows b into the tree.
func (c *Core) add(b *block, h *ledger.Header) *block {
	own := *h // a pointer into the caller's batch would keep all of it
	x := &block{
		h: &own, point: own.Point(), no: own.BlockNo,
		height: b.height + 1, parent: b, next: b.child, size: own.BlockSize(),
	}
	if b.child != nil {
		b.child.prev = x
	}
	b.child = x
	c.side++
	if g := c.ghosts[x.point.Hash]; g != nil {
		g.again = x
	}
	return x
}

func (b *block) unlink() {
	if b.prev != nil {
		b.prev.next = b.next
	} else if b.parent != nil {
		b.parent.child = b.next
	}
	if b.next != nil {
		b.next.prev = b.prev
	}
	b.parent, b.next, b.prev = nil, nil, nil
}

// prune removes b if nothing needs it, and then its ancestors likewise.
func (c *Core) prune(b *block) {
	for !b.gone && b.tips == 0 && b.claims == 0 && b.child == nil && !b.adopted && !b.kept {
		parent := b.parent
		c.remove(b)
		b = parent
	}
}

// removeTree removes b and all that descends from it, whoever needs it.
func (c *Core) removeTree(b *block) {
	for root := b; ; {
		for b.child != nil {
			b = b.child
		}
		parent := b.parent
		c.remove(b)
		if b == root {
			return
		}
		b = parent
	}
}

func (c *Core) remove(b *block) {
	b.unlink()
	b.gone = true
	c.rememberClaims(b)
	if b.kept {
		c.unkeep(b)
	}
	c.side--
	if b.held {
		c.unhold(b)
	}
}

// claim and disclaim count claims on b. Of what is to come for it all is of no use
// when it is held, else all but one.
func (c *Core) claim(b *block) {
	if b.held || b.claims > 0 {
		c.spare += b.size
	}
	b.claims++
}

func (c *Core) disclaim(b *block) {
	b.claims--
	if b.held || b.claims > 0 {
		c.spare -= b.size
	}
}

// hold records that the caller has b's body.
func (c *Core) hold(b *block, bytes int) {
	b.held, b.bytes = true, bytes
	if b.onPath {
		c.lacking--
	}
	if b.claims > 0 {
		c.spare += b.size
	}
	c.heldBytes += bytes
	if c.prune(b); b.gone {
		return
	}
	if b.parent.ready {
		c.makeReady(b)
		c.aside = c.aside || !b.onPath
	}
}

// unhold lets b's body go. b is neither adopted nor kept, and on path only if it is
// gone: bodies are taken from old forks only after a switch, when path goes on from
// our tip.
func (c *Core) unhold(b *block) {
	c.heldBytes -= b.bytes
	b.held, b.bytes = false, 0
	if b.onPath {
		c.lacking++
	}
	if b.claims > 0 {
		c.spare -= b.size
	}
	c.emit(Forget{b.point})
	if !b.gone {
		c.await(b) // it may have come from another peer than is to send it
	}
	if b.ready {
		b.ready = false
		for x := b.child; x != nil; x = x.next {
			c.unready(x)
		}
	}
}

func (c *Core) unready(b *block) {
	stack := append(c.stack[:0], b)
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
	c.stack = stack
}
