package curve

import "filippo.io/edwards25519/field"

// montgomeryA is the coefficient A of the Montgomery form v² = u³ + A u² + u.
const montgomeryA = 486662

// HashToPoint maps 32 bytes, of which the top bit does not count, to a point
// with even x by Elligator 2, as draft 03 of the VRF does: a step of an
// encoding to the curve, to be multiplied by the cofactor. ok is false only if
// b is not 32 bytes long. (header-validation, 6)
func HashToPoint(b []byte) (p Point, ok bool) {
	var r field.Element
	if _, err := r.SetBytes(b); err != nil {
		return p, false
	}
	p.elligator(&r)
	return p, true
}

// MapToPoint is [HashToPoint] as in RFC 9380, with the sign of v that it
// prescribes. (RFC 9380, 6.7.1 and G.2.2)
func MapToPoint(r *field.Element) (p Point) {
	first := p.elligator(r)
	// v is odd for the first u and even for the second; x has the sign of
	// sqrt(-A - 2) u / v, of which the even root is meant.
	if p.x.Equal(new(field.Element)) == 1 {
		return p
	}
	if p.signOfV() != first {
		p.Negate(&p)
	}
	return p
}

// elligator sets p to the point of r with even x and reports whether it is the
// one of the first u.
//
// u = -A / (1 + 2 r²), or -u - A if the first is not on the curve; then y =
// (u - 1) / (u + 1). The map from Montgomery keeps squareness, so that whether
// x exists for y tells whether v exists for u: one root where two would do.
func (p *Point) elligator(r *field.Element) (first bool) {
	var w, one, num field.Element
	one.One()
	w.Square(r)
	w.Add(&w, &w)
	w.Add(&w, &one) // 1 + 2 r², never 0: -1/2 is no square
	num.Mult32(&one, montgomeryA)
	num.Negate(&num) // u = num / w
	if p.fromMontgomery(&num, &w) {
		return true
	}
	// -u - A = (-num - A w) / w
	var aw field.Element
	aw.Mult32(&w, montgomeryA)
	num.Negate(&num)
	num.Subtract(&num, &aw)
	p.fromMontgomery(&num, &w)
	return false
}

// fromMontgomery sets p to the point with even x and u = n/m; false if it is
// not on the curve.
func (p *Point) fromMontgomery(n, m *field.Element) bool {
	var minus, plus, zero field.Element
	minus.Subtract(n, m)
	plus.Add(n, m)
	if plus.Equal(&zero) == 1 {
		// u = -1 has no y. It is not on the curve: A - 2 is no square.
		return false
	}
	return p.fromY(&minus, &plus)
}

// signOfV reports whether v is odd, where x = sqrt(-A - 2) u / v and u =
// (1 + y) / (1 - y) belong to p, which is not on the axis x = 0.
func (p *Point) signOfV() bool {
	// v = sqrt(-A - 2) (Z + Y) Z / ((Z - Y) X)
	var v, plus, minus field.Element
	plus.Add(&p.z, &p.y)
	minus.Subtract(&p.z, &p.y)
	v.Multiply(&minus, &p.x)
	v.Invert(&v)
	v.Multiply(&v, &plus)
	v.Multiply(&v, &p.z)
	v.Multiply(&v, &sqrtMinusA2)
	return v.IsNegative() == 1
}

// sqrtMinusA2 is the even root of -A - 2.
var sqrtMinusA2 = func() (r field.Element) {
	var one, n field.Element
	one.One()
	n.Mult32(&one, montgomeryA+2)
	r.SqrtRatio(n.Negate(&n), &one)
	return r
}()
