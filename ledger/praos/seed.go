package praos

import (
	"encoding/binary"

	"golang.org/x/crypto/blake2b"

	"github.com/ouronet/ouronet/ledger"
)

const vrfOutputSize = 64 // bytes

// What a TPraos proof is for, as it goes into its input.
const (
	nonceProof  = 0
	leaderProof = 1
)

// Input returns the input of the VRF of a Praos header.
// (header-validation, 7)
func Input(slot ledger.Slot, epoch Nonce) ledger.Hash {
	var b [8 + len(ledger.Hash{})]byte
	binary.BigEndian.PutUint64(b[:], uint64(slot))
	n := 8
	if epoch.Set {
		n += copy(b[8:], epoch.Hash[:])
	}
	return blake2b.Sum256(b[:n])
}

// TPraosInputs returns the inputs of both proofs of a TPraos header: the one
// that feeds the nonce and the one of leadership.
func TPraosInputs(slot ledger.Slot, epoch Nonce) (nonce, leader ledger.Hash) {
	seed := Input(slot, epoch)
	return tagged(seed, nonceProof), tagged(seed, leaderProof)
}

func tagged(seed ledger.Hash, tag uint64) ledger.Hash {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], tag)
	hash := blake2b.Sum256(b[:])
	for i := range seed {
		seed[i] ^= hash[i]
	}
	return seed
}
