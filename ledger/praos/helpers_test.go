package praos

import (
	"crypto/ed25519"

	"golang.org/x/crypto/blake2b"

	"github.com/ouronet/ouronet/ledger"
)

func key(seed byte) ed25519.PrivateKey {
	b := make([]byte, 32)
	b[0] = seed
	return ed25519.NewKeyFromSeed(b)
}

func newKey(seed byte) []byte { return key(seed)[32:] }

func sum(b []byte) ledger.Hash { return blake2b.Sum256(b) }
