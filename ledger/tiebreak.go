package ledger

// TieBreak is what decides between two chains of equal length, taken from the
// last header of each. It is comparable and shares no memory with the header.
//
// The higher IssueNo wins if Slot and Issuer are the same. Otherwise the lower
// VRF wins, as bytes; from Conway on only if the slots are at most
// [TieBreakSlots] apart. If nothing decides, the chain we have is kept.
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

// TieBreak returns the header's tie-breaker; ok is false for Byron, where
// chains of equal length are decided by the block number and [Header.Raw].EBB
// alone.
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
