package vrf

import "github.com/ouronet/ouronet/internal/crypto/curve"

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

	// excess is the order of the generator times the key; nil for the neutral
	// point, as with every key that was made by the rules.
	excess *curve.Point
}

// NewKey reads a public key, which costs about a third of a proof; nil if b
// is not the canonical encoding of a point, or if that is of small order.
func NewKey(b []byte) *Key {
	y, ok := curve.Decode(b)
	if !ok || y.IsSmallOrder() {
		return nil
	}
	var minus curve.Point
	k := &Key{minus: curve.NewTable(minus.Negate(&y), 8*challengeSize)}
	copy(k.bytes[:], b)
	if y.HasSmallPart() {
		k.excess = new(curve.Point).MultByOrder(&y)
	}
	return k
}

// decode reads Gamma and s of a proof. Gamma may be of any order, a small one
// included, and a zero x may have either sign; s must be below the order.
// libsodium looks at s only if one of its top four bits is set: without them it
// is below 2^252 anyway.
func decode(gamma, s []byte) (curve.Point, curve.Scalar, bool) {
	p, ok := curve.Decode(gamma)
	n := curve.NewScalar(s)
	return p, n, ok && n.IsReduced()
}

// commitments returns U = s B + n Y and V = s H + n Gamma, where n is the
// number below the order L that adds up with the challenge c to L, or to 0.
//
// The drafts say -c for n. Points of order L know no difference, but the key Y
// and Gamma may have a part of small order, and libsodium multiplies by n: then
// L - c and -c differ by L times the point. n has no more digits than c
// besides its first, since L is 2^252 and a number of 125 bits.
// (libsodium: crypto_core_ed25519_scalar_negate in crypto_vrf/ietfdraft03/verify.c)
func (k *Key) commitments(s, c *curve.Scalar, h, gamma *curve.Point) (u, v curve.Point) {
	n := c.Negate()
	v.Combine(s, h, &n, gamma)
	u.GeneratorPlus(s, c, k.minus)
	if k.excess != nil && *c != (curve.Scalar{}) {
		u.Add(&u, k.excess)
	}
	return u, v
}
