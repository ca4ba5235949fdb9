package vrf

import "github.com/ouronet/ouronet/internal/curve"

// Sizes in bytes.
const (
	KeySize                  = 32
	ProofSize                = 80
	BatchCompatibleProofSize = 128
	OutputSize               = 64
)

// suite is the number of ECVRF-ED25519-SHA512-ELL2.
const suite = 4

// challengeSize is the size in bytes of the challenge c.
const challengeSize = 16

// Output is the random value that a proof proves.
type Output [OutputSize]byte

// Key is a public key made ready to verify proofs. It never changes, so many
// may use it at once; it takes about 2 kB.
type Key struct {
	bytes [KeySize]byte
	minus *curve.Table // of the key's negative
}

// NewKey reads a public key, which costs about a quarter of a proof; nil if b
// is not the canonical encoding of a point, or if that is of small order.
func NewKey(b []byte) *Key {
	y, ok := curve.Decode(b)
	if !ok || y.IsSmallOrder() {
		return nil
	}
	k := &Key{minus: curve.NewTable(y.Negate(&y), 8*challengeSize)}
	copy(k.bytes[:], b)
	return k
}
