package kes

import (
	"golang.org/x/crypto/blake2b"

	"github.com/ouronet/ouronet/internal/crypto/eddsa"
)

const (
	// Depth is the height of the tree of keys.
	Depth = 6

	// Evolutions is how many times a key can sign, once evolved each time.
	Evolutions = 1 << Depth
)

// Sizes in bytes.
const (
	KeySize       = 32
	SignatureSize = eddsa.SignatureSize + Depth*2*KeySize
)

// Leaf returns the Ed25519 key that signs at an evolution, counted from 0: the
// pairs of keys in the signature must hash to key, pair by pair from the root,
// which comes last. ok is false if they do not. The result is part of sig.
func Leaf(key []byte, evolution uint64, sig []byte) (leaf []byte, ok bool) {
	if len(key) != KeySize || len(sig) != SignatureSize || evolution >= Evolutions {
		return nil, false
	}
	pairs := sig[eddsa.SignatureSize:]
	for depth := Depth - 1; depth >= 0; depth-- {
		pair := pairs[depth*2*KeySize:][:2*KeySize]
		if blake2b.Sum256(pair) != [KeySize]byte(key) {
			return nil, false
		}
		right := int(evolution>>depth) & 1
		key = pair[right*KeySize:][:KeySize]
	}
	return key, true
}

// LeafSignature returns the part of a signature that the leaf's key made.
func LeafSignature(sig []byte) []byte { return sig[:eddsa.SignatureSize] }

// Path returns the part of a signature that is the same for all signatures of
// one key at one evolution.
func Path(sig []byte) []byte { return sig[eddsa.SignatureSize:] }

// Verify reports whether sig is a signature of message by key at an evolution,
// counted from 0.
func Verify(key []byte, evolution uint64, message, sig []byte) bool {
	leaf, ok := Leaf(key, evolution, sig)
	return ok && eddsa.Verify(leaf, message, LeafSignature(sig))
}
