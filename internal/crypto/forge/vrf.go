package forge

import (
	"crypto/sha512"

	"filippo.io/edwards25519"

	"github.com/ouronet/ouronet/internal/crypto/curve"
	"github.com/ouronet/ouronet/internal/crypto/vrf"
)

// VRFKey is a secret key that makes proofs of draft 03.
type VRFKey struct {
	secret *edwards25519.Scalar
	prefix []byte
	public []byte
}

// NewVRFKey makes the key of a seed, like an Ed25519 key.
func NewVRFKey(seed [32]byte) *VRFKey {
	hash := sha512.Sum512(seed[:])
	secret, err := edwards25519.NewScalar().SetBytesWithClamping(hash[:32])
	if err != nil {
		panic(err) // not with 32 bytes
	}
	return &VRFKey{secret, hash[32:], new(edwards25519.Point).ScalarBaseMult(secret).Bytes()}
}

// Public returns the public key.
func (k *VRFKey) Public() []byte { return k.public }

// Evaluate returns the output for an input without proving it, which is a
// third of the work.
func (k *VRFKey) Evaluate(alpha []byte) vrf.Output {
	h := vrf.EncodeToCurve03(k.public, alpha)
	gamma := multiply(k.secret, &h)
	return output(&gamma)
}

func output(gamma *curve.Point) vrf.Output {
	var gamma8 curve.Point
	var enc [1][curve.Size]byte
	curve.Encode(enc[:], gamma8.MultByCofactor(gamma))
	return vrf.Output03(&enc[0])
}

// Prove returns the output for an input with its proof.
func (k *VRFKey) Prove(alpha []byte) (out vrf.Output, proof [vrf.ProofSize]byte) {
	h := vrf.EncodeToCurve03(k.public, alpha)
	gamma := multiply(k.secret, &h)
	var enc [4][curve.Size]byte // H, Gamma, U, V
	curve.Encode(enc[:], &h, &gamma)

	hash := sha512.Sum512(append(k.prefix[:len(k.prefix):len(k.prefix)], enc[0][:]...))
	nonce, err := edwards25519.NewScalar().SetUniformBytes(hash[:])
	if err != nil {
		panic(err) // not with 64 bytes
	}
	g := curve.Generator()
	u, v := multiply(nonce, &g), multiply(nonce, &h)
	curve.Encode(enc[2:], &u, &v)

	challenge := vrf.Challenge03(&enc[0], &enc[1], &enc[2], &enc[3])
	c, err := edwards25519.NewScalar().SetCanonicalBytes(append(challenge[:], make([]byte, 16)...))
	if err != nil {
		panic(err) // 128 bits are below the order
	}
	copy(proof[:], enc[1][:])
	copy(proof[curve.Size:], challenge[:])
	copy(proof[curve.Size+len(challenge):], c.MultiplyAdd(c, k.secret, nonce).Bytes())
	return output(&gamma), proof
}

func multiply(s *edwards25519.Scalar, p *curve.Point) (product curve.Point) {
	n := curve.NewScalar(s.Bytes())
	return *product.Combine(&n, p, &curve.Scalar{}, p)
}
