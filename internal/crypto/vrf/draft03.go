package vrf

import (
	"crypto/sha512"

	"github.com/ouronet/ouronet/internal/crypto/curve"
)

// Verify checks that proof, 80 bytes Gamma || c || s, is one of draft 03 for
// the input alpha and returns its output; ok is false if it is not.
//
// U = s B - c Y and V = s H - c Gamma must hash to c.
func (k *Key) Verify(alpha, proof []byte) (output Output, ok bool) {
	if len(proof) != ProofSize {
		return output, false
	}
	challenge := proof[curve.Size : curve.Size+challengeSize]
	gamma, s, ok := decode(proof[:curve.Size], proof[curve.Size+challengeSize:])
	if !ok {
		return output, false
	}
	c := curve.NewScalar(challenge)
	h := EncodeToCurve03(k.bytes[:], alpha)
	u, v := k.commitments(&s, &c, &h, &gamma)
	var gamma8 curve.Point
	gamma8.MultByCofactor(&gamma)

	var enc [4][curve.Size]byte // with one inversion
	curve.Encode(enc[:], &h, &u, &v, &gamma8)
	if Challenge03(&enc[0], (*[curve.Size]byte)(proof), &enc[1], &enc[2]) != [challengeSize]byte(challenge) {
		return output, false
	}
	return Output03(&enc[3]), true
}

// EncodeToCurve03 maps an input to the point H of draft 03.
func EncodeToCurve03(key, alpha []byte) (h curve.Point) {
	var buf [2 + KeySize + 64]byte // inputs of headers fit
	b := append(buf[:0], suite, 1)
	b = append(b, key...)
	b = append(b, alpha...)
	hash := sha512.Sum512(b)
	h, _ = curve.HashToPoint(hash[:curve.Size])
	h.MultByCofactor(&h)
	return h
}

// Challenge03 hashes the points of a proof, encoded, to the challenge c.
func Challenge03(h, gamma, u, v *[curve.Size]byte) [challengeSize]byte {
	var b [2 + 4*curve.Size]byte
	b[0], b[1] = suite, 2
	for i, p := range []*[curve.Size]byte{h, gamma, u, v} {
		copy(b[2+i*curve.Size:], p[:])
	}
	hash := sha512.Sum512(b[:])
	return [challengeSize]byte(hash[:challengeSize])
}

// Output03 hashes the encoding of 8 Gamma to the output.
func Output03(gamma8 *[curve.Size]byte) Output {
	var b [2 + curve.Size]byte
	b[0], b[1] = suite, 3
	copy(b[2:], gamma8[:])
	return sha512.Sum512(b[:])
}
