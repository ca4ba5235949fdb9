package chain

import (
	"fmt"

	"github.com/ouronet/ouronet/ledger"
)

// extend returns the block of h as a child of b, and whether it is new to the tree. The
// error is a [*LinkError].
func (t *tree) extend(b *block, h *ledger.Header) (x *block, fresh bool, err error) {
	if rule := b.broken(h); rule != "" {
		return nil, false, &LinkError{Header: h.Tip(), Parent: b.tip(), Prev: h.Prev, Rule: rule}
	}
	if gap := t.maxGap; gap > 0 && h.Slot-b.point.Slot > gap { // broken: it is not earlier
		return nil, false, &LinkError{
			Header: h.Tip(), Parent: b.tip(), Prev: h.Prev,
			Rule: fmt.Sprintf("a slot that is not more than %d later", gap),
		}
	}
	if x := b.find(h.Hash); x != nil {
		return x, false, nil
	}
	if x := t.bareBlock(h.Hash); x != nil {
		return x, false, nil
	}
	return t.add(b, h), true, nil
}

// broken returns the rule that h breaks as a successor of b, or "".
func (b *block) broken(h *ledger.Header) string {
	parent := b.asParent()
	switch parent.Link(h) {
	case ledger.LinkFollows:
		return ""
	case ledger.LinkPrev:
		return "the hash of the header before it"
	case ledger.LinkSlot:
		return "a later slot"
	}
	switch {
	case b.point.IsOrigin():
		return "block number 0 at the start of a chain"
	case h.Raw.EBB:
		return "a boundary block with the number of the regular block before it"
	}
	return "the next block number"
}

// asParent returns what is known of b: of the first anchor not whether it is a
// boundary block, and of a bare point no number either.
func (b *block) asParent() ledger.Parent {
	p := ledger.Parent{Boundary: b.isEBB(), BoundaryUnknown: b.h == nil, BlockNoUnknown: b.bare}
	p.Tip.Point, p.Tip.BlockNo = b.point, b.no
	return p
}
