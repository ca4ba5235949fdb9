package chain

import "github.com/ouronet/ouronet/ledger"

// block is a node of the header tree. The tree's root is the anchor; every
// other block has a parent. There is no index by hash: each message of a peer
// is about the end of that peer's candidate, which is at hand.
type block struct {
	header ledger.Header
	h      *ledger.Header // header; nil for the anchor the core started with

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
	keptNo uint64 // of the latest entry in tree.kept

	span *span // the range it is waited for with: of several, the latest

	// With a judge.
	barrier *block // the first on the way here that is invalid, else the first deferred; nil for none
	from    PeerID // who sent the body first, once held

	held    bool // the caller has the body
	ready   bool // held, and so is all between it and the adopted chain
	adopted bool // on our chain; true for the anchor
	kept    bool // was on our chain
	onPath  bool // part of planner.path
	gone    bool // no longer in the tree
	bare    bool // only the point is known, see Config.Points

	valid    bool // the judge has found it valid, or the core started with it
	invalid  bool // the judge has found it invalid
	deferred bool // the judge could not tell yet: it is asked again later
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

// needed reports whether something keeps b in the tree, or it is no longer there.
func (b *block) needed() bool {
	return b.gone || b.tips > 0 || b.claims > 0 || b.child != nil || b.adopted || b.kept
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
