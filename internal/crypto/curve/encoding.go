package curve

import (
	"bytes"

	"filippo.io/edwards25519/field"
)

// Size is the size in bytes of an encoded point.
const Size = 32

// Decode reads a point: y in 255 bits, then the sign of x. ok is false if y is
// not below the field's prime, or if the curve has no point with that y.
//
// A point with x = 0 may have either sign, so two points have two encodings:
// hash the bytes that came, not the point encoded again. Points of small order
// are points, too. (libsodium: ge25519_is_canonical and ge25519_frombytes in
// crypto_core/ed25519/ref10/ed25519_ref10.c)
func Decode(b []byte) (p Point, ok bool) {
	var y field.Element
	if _, err := y.SetBytes(b); err != nil {
		return p, false // not 32 bytes
	}
	sign := b[Size-1] >> 7
	if !p.fromY(&y, new(field.Element).One()) {
		return p, false
	}
	if sign == 1 {
		p.x.Negate(&p.x)
		p.t.Negate(&p.t)
	}
	canonical := y.Bytes()
	canonical[Size-1] |= sign << 7
	return p, bytes.Equal(canonical, b)
}

// fromY sets p to the point with y = n/m and even x; false if there is none.
func (p *Point) fromY(n, m *field.Element) bool {
	var nn, mm, u, v, x field.Element
	nn.Square(n)
	mm.Square(m)
	u.Subtract(&nn, &mm) // x² = (y² - 1) / (d y² + 1)
	v.Multiply(&nn, &d)
	v.Add(&v, &mm)
	_, square := x.SqrtRatio(&u, &v)
	p.x.Multiply(&x, m)
	p.y.Set(n)
	p.z.Set(m)
	p.t.Multiply(&x, n)
	return square == 1
}

// maxEncode is how many points [Encode] takes.
const maxEncode = 4

// Encode writes the encodings of up to 4 points with one inversion.
func Encode(dst [][Size]byte, points ...*Point) {
	var products [maxEncode]field.Element // of Z up to here
	for i, p := range points {
		if i == 0 {
			products[i].Set(&p.z)
		} else {
			products[i].Multiply(&products[i-1], &p.z)
		}
	}
	var inverse, z, x, y field.Element // inverse of the product up to here
	inverse.Invert(&products[len(points)-1])
	for i := len(points) - 1; i >= 0; i-- {
		p := points[i]
		if i > 0 {
			z.Multiply(&inverse, &products[i-1])
			inverse.Multiply(&inverse, &p.z)
		} else {
			z.Set(&inverse)
		}
		x.Multiply(&p.x, &z)
		y.Multiply(&p.y, &z)
		copy(dst[i][:], y.Bytes())
		dst[i][Size-1] |= byte(x.IsNegative()) << 7
	}
}
