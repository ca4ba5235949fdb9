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
	if p.signOfV() != first {
		p.Negate(&p)
	}
	return p
}

// elligator sets p to the point of r with even x and reports whether it is the
// one of the first u.
//
// u = -A / (1 + 2 r²), or 2 r² u = -u - A if the first is not on the curve; then
// y = (u - 1) / (u + 1) and x² = (-A - 2) u / (u² + A u + 1). The second u has
// 2 r² times the x² of the first, so that one root does for both.
func (p *Point) elligator(r *field.Element) (first bool) {
	var one, rr2, w, num, den, t, x, n, minus, plus field.Element
	one.One()
	rr2.Square(r)
	rr2.Add(&rr2, &rr2)
	w.Add(&rr2, &one) // never 0: -1/2 is no square
	n.Negate(&coefficientA)

	// With u = -A / w, x² is A (A + 2) w / (w² - 2 r² A²).
	num.Multiply(&coefficientA, &aPlus2)
	num.Multiply(&num, &w)
	t.Square(&coefficientA)
	t.Multiply(&t, &rr2)
	den.Square(&w)
	den.Subtract(&den, &t)
	_, square := x.SqrtRatio(&num, &den)
	if square == 0 { // x is the root of sqrt(-1) times that
		x.Multiply(&x, r)
		x.Multiply(&x, &sqrt2OverI)
		x.Absolute(&x)
		n.Multiply(&n, &rr2)
	}
	minus.Subtract(&n, &w)
	plus.Add(&n, &w) // never 0: u = -1 is not on the curve
	p.x.Multiply(&x, &plus)
	p.y.Set(&minus)
	p.z.Set(&plus)
	p.t.Multiply(&x, &minus)
	return square == 1
}

// signOfV reports whether v is odd, where x = sqrt(-A - 2) u / v and u =
// (1 + y) / (1 - y) belong to p; false if x is 0, which has no sign.
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

// sqrt2OverI is the even root of 2 / sqrt(-1).
var sqrt2OverI = func() (r field.Element) {
	var one, two, i field.Element
	one.One()
	two.Add(&one, &one)
	i.SqrtRatio(r.Negate(&one), &one)
	r.SqrtRatio(&two, &i)
	return r
}()

// sqrtMinusA2 is the even root of -A - 2.
var sqrtMinusA2 = func() (r field.Element) {
	var one, n field.Element
	one.One()
	n.Mult32(&one, montgomeryA+2)
	r.SqrtRatio(n.Negate(&n), &one)
	return r
}()
