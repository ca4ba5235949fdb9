package ledger

import "math"

// Parent has the known facts of a block that a header may follow. Its methods are the
// rules between a header and the one before it, in all eras.
type Parent struct {
	Tip      Tip  // the zero Tip stands for the start of a chain
	Boundary bool // it is a Byron epoch boundary block

	// Set if the kind or the number of the block is not known: then a header follows if
	// it would for either kind, or with any number.
	BoundaryUnknown bool
	BlockNoUnknown  bool
}

// ParentOf returns the Parent for the block of a header, with all facts known.
func ParentOf(h *Header) Parent { return Parent{Tip: h.Tip(), Boundary: h.Raw.EBB} }

// Link says whether a header follows a block, and if not, which rule it breaks.
type Link uint8

// The kinds of links, in the order in which they are looked for.
const (
	LinkFollows Link = iota // it follows
	LinkPrev                // it names another header before it
	LinkBlockNo             // its block number is not the next one
	LinkSlot                // its slot is not a later one
)

// Link reports whether h follows p. (points-headers-blocks, 8, numbering rules;
// ouroboros-consensus, HeaderValidation.hs, validateEnvelope)
func (p *Parent) Link(h *Header) Link {
	start := p.Tip.Point.IsOrigin()
	if start && h.HasPrev || !start && !h.PrevHashIs(p.Tip.Point.Hash) {
		return LinkPrev
	}
	if next, ok := p.NextBlockNo(h); !p.BlockNoUnknown && (!ok || h.BlockNo != next) &&
		// What may be a boundary block may be a regular one, too.
		!(p.BoundaryUnknown && h.Raw.EBB && h.BlockNo == p.Tip.BlockNo) {
		return LinkBlockNo
	}
	if least, ok := p.NextSlot(h); !ok || h.Slot < least {
		return LinkSlot
	}
	return LinkFollows
}

// NextBlockNo returns the block number of a header of h's kind that follows p; ok is
// false if there is none. The first block of a chain has number 0. A boundary block
// has the number of the block before it, unless that is one, too; of one that may be,
// NextBlockNo returns the higher of the two. (ouroboros-consensus,
// Byron/Ledger/HeaderValidation.hs, expectedNextBlockNo)
func (p *Parent) NextBlockNo(h *Header) (n BlockNo, ok bool) {
	switch {
	case p.Tip.Point.IsOrigin():
		return 0, true
	case h.Raw.EBB && !p.Boundary && !p.BoundaryUnknown:
		return p.Tip.BlockNo, true
	}
	return p.Tip.BlockNo + 1, p.Tip.BlockNo != math.MaxUint64
}

// NextSlot returns the least slot of a header of h's kind that follows p; ok is false
// if there is none. The first block of a chain may be in any slot; the regular Byron
// block after a boundary block may share its slot. (ouroboros-consensus,
// Byron/Ledger/HeaderValidation.hs, minimumNextSlotNo)
func (p *Parent) NextSlot(h *Header) (s Slot, ok bool) {
	at := p.Tip.Point.Slot
	if p.Tip.Point.IsOrigin() || (p.Boundary || p.BoundaryUnknown) && h.Raw.Era == Byron && !h.Raw.EBB {
		return at, true
	}
	return at + 1, at != Never
}
