package forge

import (
	"crypto/ed25519"

	"golang.org/x/crypto/blake2b"

	"github.com/ouronet/ouronet/internal/crypto/kes"
)

// KESKey is a secret key of the sum composition of depth 6.
// (header-validation, 5)
type KESKey struct {
	leaves [kes.Evolutions][32]byte // seeds

	// nodes is the tree of public keys: the root is 1, the children of i are
	// 2 i and 2 i + 1, the leaves come last.
	nodes [2 * kes.Evolutions][kes.KeySize]byte
}

// NewKESKey makes the key of a seed as the Haskell library does: the seeds of
// the two halves are the hashes of 1 and 2 before the seed. It takes a
// millisecond or two.
func NewKESKey(seed [32]byte) *KESKey {
	k := &KESKey{}
	k.grow(1, 0, kes.Evolutions, seed)
	return k
}

func (k *KESKey) grow(node, first, n int, seed [32]byte) {
	if n == 1 {
		k.leaves[first] = seed
		copy(k.nodes[node][:], ed25519.NewKeyFromSeed(seed[:])[32:])
		return
	}
	for half := range 2 {
		k.grow(2*node+half, first+half*n/2, n/2, blake2b.Sum256(append([]byte{byte(half + 1)}, seed[:]...)))
	}
	k.nodes[node] = blake2b.Sum256(k.pair(2 * node))
}

// pair returns the keys of a node and of its sibling on the right.
func (k *KESKey) pair(left int) []byte {
	return append(append(make([]byte, 0, 2*kes.KeySize), k.nodes[left][:]...), k.nodes[left+1][:]...)
}

// Public returns the public key.
func (k *KESKey) Public() []byte { return k.nodes[1][:] }

// Sign signs a message at an evolution below [kes.Evolutions].
func (k *KESKey) Sign(evolution uint64, message []byte) []byte {
	sig := make([]byte, 0, kes.SignatureSize)
	sig = append(sig, ed25519.Sign(ed25519.NewKeyFromSeed(k.leaves[evolution][:]), message)...)
	for node := kes.Evolutions + int(evolution); node > 1; node /= 2 {
		sig = append(sig, k.pair(node&^1)...)
	}
	return sig
}
