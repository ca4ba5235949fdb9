package curve

import "filippo.io/edwards25519/field"

// HasSmallPart reports whether p, which must not be of small order, is a point
// of the generator's order with another one of small order added. It costs a
// sixth of [Point.MultByOrder], which tells which one.
//
// All points are a cyclic group of order 8 L, so a point without such a part is
// 8 times another point. Let E be the curve in Montgomery form, v² = u³ + A u² +
// u. To double on E is to map to the curve E', y² = x³ - 2 A x² + (A² - 4) x, and
// back. The way back gives u = y² / (4 x²) and makes (0, 0) neutral.
//
// First, p has an origin on E' only if u is a square, w². One origin has x = A +
// 2 u + 2 v / w and y = 2 w x; with (0, 0) added it is the other.
//
// Then p is 8 times another point if one of the two is 4 times another on E'. The
// Tate pairing with a point T of order 4 tells. With 2 T = (s, 0), where s is
// A + 2, and the tangent y = slope (x - s) at T, it is neutral if the square of
// y - slope (x - s), divided by x - s, is a fourth power. T is chosen so that
// both origins have the same pairing.
func (p *Point) HasSmallPart() bool {
	var plus, minus, w, r, m, n, t field.Element
	plus.Add(&p.z, &p.y)
	minus.Subtract(&p.z, &p.y)
	if _, square := w.SqrtRatio(&plus, &minus); square == 0 {
		return true
	}
	// With v = sqrt(-A - 2) u Z / X, and all times X:
	r.Square(&w)
	r.Add(&r, &r)
	r.Add(&r, &coefficientA)
	r.Multiply(&r, &p.x)
	t.Multiply(&w, &p.z)
	t.Multiply(&t, &sqrtMinusA2)
	t.Add(&t, &t)
	r.Add(&r, &t) // x
	t.Multiply(&p.x, &aPlus2)
	m.Subtract(&r, &t) // x - s
	n.Multiply(&r, &w)
	n.Add(&n, &n) // y
	t.Multiply(&m, &slope)
	n.Subtract(&n, &t)
	// n² / (m X) is a fourth power just if n² m X is one: m X must be a square for
	// either, and then they differ by a fourth power.
	m.Multiply(&m, &p.x)
	n.Square(&n)
	n.Multiply(&n, &m)
	return !isFourthPower(&n)
}

// isFourthPower reports whether e, not 0, is one: whether its power 2^253 - 5, a
// quarter of the prime less 1, is 1.
func isFourthPower(e *field.Element) bool {
	var power, one field.Element
	power.Pow22523(e) // 2^252 - 3
	power.Square(&power)
	power.Multiply(&power, e)
	return power.Equal(one.One()) == 1
}

var (
	coefficientA = small(montgomeryA)
	aPlus2       = small(montgomeryA + 2)

	// slope is k + 2, where k is the even root of A + 2. k (k + 2) is no square:
	// that makes (0, 0) neutral in the pairing. The slopes at other T are k - 2,
	// where it is not, and the negatives of both.
	slope = func() field.Element {
		var k field.Element
		two := small(2)
		k.SqrtRatio(&aPlus2, new(field.Element).One())
		return *k.Add(&k, &two)
	}()
)

func small(n uint32) (e field.Element) {
	e.One()
	e.Mult32(&e, n)
	return e
}
