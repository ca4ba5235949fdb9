package praos

import (
	"golang.org/x/crypto/blake2b"

	"github.com/ouronet/ouronet/ledger"
)

// Nonce is a hash that feeds the VRF. The zero Nonce is the neutral one, which
// is not the hash of 32 zero bytes.
type Nonce struct {
	Hash ledger.Hash
	Set  bool // false: neutral
}

// NonceOf returns the nonce with a hash.
func NonceOf(h ledger.Hash) Nonce { return Nonce{h, true} }

// String returns the hash in hex or "neutral".
func (n Nonce) String() string {
	if !n.Set {
		return "neutral"
	}
	return n.Hash.String()
}

// Mix combines two nonces; the neutral one changes nothing.
// (header-validation, 10)
func (n Nonce) Mix(m Nonce) Nonce {
	switch {
	case !n.Set:
		return m
	case !m.Set:
		return n
	}
	var b [2 * len(ledger.Hash{})]byte
	copy(b[:], n.Hash[:])
	copy(b[len(n.Hash):], m.Hash[:])
	return NonceOf(blake2b.Sum256(b[:]))
}

// Nonces are the values from which the nonces of later epochs follow.
// (header-validation, 10)
type Nonces struct {
	Active    Nonce // of this epoch
	Evolving  Nonce // of all headers so far
	Candidate Nonce // Evolving as it was when the epoch neared its end
	Lab       Nonce // previous-hash field of the last header
	LastEpoch Nonce // Lab as it was when the epoch began
}

// nextEpoch returns the nonces at the first header of an epoch. Epochs without
// headers count for nothing.
func (n Nonces) nextEpoch(extra Nonce) Nonces {
	n.Active = n.Candidate.Mix(n.LastEpoch).Mix(extra)
	n.LastEpoch = n.Lab
	return n
}

// next returns the nonces after a header. Its contribution does not count for
// the next epoch when frozen.
func (n Nonces) next(contribution ledger.Hash, prev Nonce, frozen bool) Nonces {
	n.Evolving = n.Evolving.Mix(NonceOf(contribution))
	if !frozen {
		n.Candidate = n.Evolving
	}
	n.Lab = prev
	return n
}

// contribution returns what a header adds to the evolving nonce: a hash of its
// VRF output. (header-validation, 8)
func contribution(era ledger.Era, output []byte) ledger.Hash {
	if tpraos(era) {
		return blake2b.Sum256(output)
	}
	var b [1 + vrfOutputSize]byte
	b[0] = 'N'
	copy(b[1:], output)
	once := blake2b.Sum256(b[:])
	return blake2b.Sum256(once[:])
}

// frozen reports whether the candidate nonce no longer changes at a slot of an
// epoch: from 3 k/f before its end, from Conway on 4 k/f.
func (v *Verifier) frozen(era ledger.Era, slot ledger.Slot, epoch uint64) bool {
	window := v.window
	if era >= ledger.Conway {
		window = v.conwayWindow
	}
	end := v.config.Network.EpochStart(epoch + 1)
	return uint64(end) < window || slot >= end-ledger.Slot(window)
}

// tpraos reports whether an era's headers are of TPraos; Byron's are of
// neither.
func tpraos(era ledger.Era) bool { return era < ledger.Babbage }
