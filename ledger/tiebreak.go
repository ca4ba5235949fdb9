package ledger

import "bytes"

// TieBreak is what decides between two chains of equal length, taken from the
// last header of each. It is comparable and shares no memory with the header.
//
// (ouroboros-consensus: ouroboros-consensus-protocol, Protocol/Praos/Common.hs,
// PraosTiebreakerView and comparePraos; ouroboros-consensus-cardano,
// Shelley/Protocol/{Praos,TPraos}.hs, pTieBreakVRFValue)
type TieBreak struct {
	Era     Era
	Slot    Slot
	Issuer  [vkeySize]byte
	IssueNo uint64 // of the operational certificate

	// VRF is the leader proof's output up to Alonzo, that of the only proof
	// from Babbage on: in both cases as it is in the header, not hashed again.
	VRF [vrfOutputSize]byte
}

// TieBreakSlots is the largest distance in slots at which Conway compares VRF
// outputs: the longest a block may travel. Earlier eras compare at any distance.
// (ouroboros-consensus: ouroboros-consensus-cardano, Shelley/Ledger/Config.hs,
// RestrictedVRFTiebreaker)
const TieBreakSlots = 5

// TieBreak returns the header's tie-breaker; ok is false for Byron, where of two
// blocks with the same number a boundary block wins and nothing else decides.
func (h *Header) TieBreak() (t TieBreak, ok bool) {
	s, ok := h.Shelley()
	if !ok {
		return TieBreak{}, false
	}
	t = TieBreak{Era: h.Raw.Era, Slot: h.Slot, IssueNo: s.OCert.Counter}
	copy(t.Issuer[:], s.Issuer)
	copy(t.VRF[:], s.LeaderVRF.Output)
	return t, true
}

// LosesTo reports whether a chain that ends with t is given up for one of the
// same length that ends with cand. If nothing decides, the chain we have is
// kept: neither of two may lose to the other.
//
// With the same slot and issuer the higher IssueNo wins, then or otherwise the
// lower VRF, as bytes. If the later of the two eras is Conway, outputs are
// compared only within [TieBreakSlots]; so the relation is not transitive, and
// candidates cannot be sorted by it. A chain that ends in Byron ties with one
// that does not. (ouroboros-consensus: comparePraos as above; Cardano/CanHardFork.hs,
// hardForkChainSel)
func (t TieBreak) LosesTo(cand TieBreak) bool {
	if t.Slot == cand.Slot && t.Issuer == cand.Issuer && t.IssueNo != cand.IssueNo {
		return t.IssueNo < cand.IssueNo
	}
	apart := max(t.Slot, cand.Slot) - min(t.Slot, cand.Slot)
	if max(t.Era, cand.Era) >= Conway && apart > TieBreakSlots {
		return false
	}
	return bytes.Compare(cand.VRF[:], t.VRF[:]) < 0
}
