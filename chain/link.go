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
// (points-headers-blocks, 8, numbering rules)
func (b *block) broken(h *ledger.Header) string {
	if !h.PrevIs(b.point) {
		return "the hash of the header before it"
	}
	origin := b.point.IsOrigin()
	switch {
	case origin:
		if h.BlockNo != 0 {
			return "block number 0 at the start of a chain"
		}
		return ""
	case b.bare:
	case h.Raw.EBB:
		// A boundary block shares the number of the block before it, unless that is
		// one, too. Whether the first anchor is one is not known.
		shares := h.BlockNo == b.no && !b.isEBB()
		if follows := b.no+1 != 0 && h.BlockNo == b.no+1 && (b.h == nil || b.isEBB()); !shares && !follows {
			return "a boundary block with the number of the regular block before it"
		}
	case b.no+1 == 0 || h.BlockNo != b.no+1:
		return "the next block number"
	}
	// The block after a boundary block may share its slot.
	sameSlot := h.Raw.Era == ledger.Byron && !h.Raw.EBB && (b.h == nil || b.isEBB())
	if h.Slot > b.point.Slot || sameSlot && h.Slot == b.point.Slot {
		return ""
	}
	return "a later slot"
}
