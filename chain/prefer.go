package chain

import (
	"bytes"

	"github.com/ouronet/ouronet/ledger"
)

// better reports whether a chain that ends with a is to be preferred to one
// that ends with b: the longer one, else by Config.Prefer. If the length of b's
// is not known, the later slot must do.
func (t *tree) better(a, b *block) bool {
	switch {
	case b.bare && !a.bare:
		return a.point.Slot > b.point.Slot
	case a.no != b.no:
		return a.no > b.no
	case a == b, b.parent == a:
		return false
	case a.parent == b: // a boundary block
		return true
	case a.h == nil || b.h == nil:
		return false
	}
	return t.prefer(b.h, a.h)
}

// maxTieSlots is how far apart slots may be for the VRF values to decide,
// from Conway on.
const maxTieSlots = 5

// PreferPraos is the tie-break between chains of equal length: whether to
// leave ours for the one that ends with cand.
//
// Of two blocks of one issuer in one slot, the higher issue number of the
// operational certificate wins. Otherwise the lower VRF value wins; from Conway
// on only if the slots are at most 5 apart, else the first one stays. The newer
// era's rule holds between eras. Up to Alonzo the value is that of the leader
// proof. Between Byron and later eras there is no preference; within Byron a
// boundary block wins.
//
// The order is not transitive. (ouroboros-consensus, Praos/Common.hs
// comparePraos; HardFork/Combinator/Protocol/ChainSel.hs)
func PreferPraos(ours, cand *ledger.Header) bool {
	if ours.Raw.Era == ledger.Byron && cand.Raw.Era == ledger.Byron {
		return cand.Raw.EBB && !ours.Raw.EBB
	}
	a, okA := ours.TieBreak()
	b, okB := cand.TieBreak()
	if !okA || !okB {
		return false
	}
	if ours.Slot == cand.Slot && bytes.Equal(a.Issuer, b.Issuer) && a.Counter != b.Counter {
		return b.Counter > a.Counter
	}
	apart := max(ours.Slot, cand.Slot) - min(ours.Slot, cand.Slot)
	if max(ours.Raw.Era, cand.Raw.Era) >= ledger.Conway && apart > maxTieSlots {
		return false
	}
	return bytes.Compare(b.VRF, a.VRF) < 0
}
