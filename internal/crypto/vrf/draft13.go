package vrf

import (
	"crypto/sha512"

	"filippo.io/edwards25519/field"

	"github.com/ouronet/ouronet/internal/crypto/curve"
)

// VerifyBatchCompatible checks that proof, 128 bytes Gamma || U || V || s, is
// one of draft 13 for the input alpha and returns its output; ok is false if it
// is not.
//
// c follows from the points; s B must be U + c Y, s H must be V + c Gamma.
func (k *Key) VerifyBatchCompatible(alpha, proof []byte) (output Output, ok bool) {
	if len(proof) != BatchCompatibleProofSize {
		return output, false
	}
	var points [3]*[curve.Size]byte
	for i := range points {
		points[i] = (*[curve.Size]byte)(proof[i*curve.Size:])
	}
	gamma, s, ok := decode(points[0][:], proof[len(points)*curve.Size:])
	if !ok {
		return output, false
	}
	h := encodeToCurve13(k.bytes[:], alpha)
	var hEnc [1][curve.Size]byte
	curve.Encode(hEnc[:], &h)
	challenge := challenge13(&k.bytes, &hEnc[0], points[0], points[1], points[2])
	c := curve.NewScalar(challenge[:])

	u, v := k.commitments(&s, &c, &h, &gamma)
	var gamma8 curve.Point
	gamma8.MultByCofactor(&gamma)
	var enc [3][curve.Size]byte
	curve.Encode(enc[:], &u, &v, &gamma8)
	if enc[0] != *points[1] || enc[1] != *points[2] {
		return output, false
	}
	return output13(&enc[2]), true
}

func challenge13(key, h, gamma, u, v *[curve.Size]byte) [challengeSize]byte {
	var b [2 + 5*curve.Size + 1]byte // the last byte stays 0
	b[0], b[1] = suite, 2
	for i, p := range []*[curve.Size]byte{key, h, gamma, u, v} {
		copy(b[2+i*curve.Size:], p[:])
	}
	hash := sha512.Sum512(b[:])
	return [challengeSize]byte(hash[:challengeSize])
}

func output13(gamma8 *[curve.Size]byte) Output {
	var b [2 + curve.Size + 1]byte
	b[0], b[1] = suite, 3
	copy(b[2:], gamma8[:])
	return sha512.Sum512(b[:])
}

// domain separates this use of the hash from others. (RFC 9380, 8.5)
const domain = "ECVRF_edwards25519_XMD:SHA-512_ELL2_NU_\x04"

// encodeToCurve13 is encode_to_curve of the suite
// edwards25519_XMD:SHA-512_ELL2_NU_. (RFC 9380, 3)
func encodeToCurve13(key, alpha []byte) (h curve.Point) {
	const size = 48 // of the one field element, in bytes
	uniform := expandMessage(key, alpha, size)
	// As a number it has the most significant byte first.
	var wide [64]byte
	for i, b := range uniform[:size] {
		wide[size-1-i] = b
	}
	var u field.Element
	_, _ = u.SetWideBytes(wide[:]) // fails with other sizes only
	h = curve.MapToPoint(&u)
	h.MultByCofactor(&h)
	return h
}

// expandMessage is expand_message_xmd with SHA-512, for up to 64 bytes of
// output from the message key || alpha. (RFC 9380, 5.3.1)
func expandMessage(key, alpha []byte, size byte) [sha512.Size]byte {
	dst := append([]byte(domain), byte(len(domain)))
	b := make([]byte, sha512.BlockSize, sha512.BlockSize+len(key)+len(alpha)+3+len(dst))
	b = append(b, key...)
	b = append(b, alpha...)
	b = append(b, 0, size, 0)
	b0 := sha512.Sum512(append(b, dst...))
	return sha512.Sum512(append(append(b0[:], 1), dst...))
}
