package curve

import "filippo.io/edwards25519/field"

// HasSmallPart reports whether p, which must not be of small order, is the sum
// of a point whose order is the generator's and of another one of small order.
// It costs a sixth of [Point.MultByOrder], which tells which one.
//
// The points of the curve are a cyclic group of order 8 L, so those without
// such a part are the eightfold of others. Let E be the curve in Montgomery
// form, v² = u³ + A u² + u. Doubling on E is a map to E': y² = x³ - 2 A x² +
// (A² - 4) x followed by one back, whose x is y² / (4 x²) and whose kernel is
// the point (0, 0) of E'.
//
//   - p is in the image of the second map only if u is a square, w². One of its
//     two origins has x = A + 2 u + 2 v / w and y = 2 w x.
//   - p is an eightfold just if that origin is a fourfold on E', or is one after
//     (0, 0) is added. The Tate pairing with a point T of order 4 tells: with S =
//     2 T = (A + 2, 0), it is (y - slope (x - S))² / (x - S), where y = slope (x
//   - S) is the tangent at T, to the power (p - 1) / 4. There are such T for
//     which (0, 0) makes no difference; [slope] belongs to one.
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
	t.Multiply(&p.x, &orderTwo)
	m.Subtract(&r, &t) // x - S
	n.Multiply(&r, &w)
	n.Add(&n, &n) // y
	t.Multiply(&m, &slope)
	n.Subtract(&n, &t)
	// n² / (m X) is a fourth power just if n² (m X)³ is one.
	m.Multiply(&m, &p.x)
	n.Multiply(&n, &m)
	n.Square(&n)
	n.Multiply(&n, &m)
	return !isFourthPower(&n)
}

// isFourthPower reports whether e to the power (p - 1) / 4 = 2^253 - 5 is 1.
func isFourthPower(e *field.Element) bool {
	var power, one field.Element
	power.Pow22523(e) // 2^252 - 3
	power.Square(&power)
	power.Multiply(&power, e)
	return power.Equal(one.One()) == 1
}

var (
	coefficientA = small(montgomeryA)
	orderTwo     = small(montgomeryA + 2) // S

	// slope is k + 2, where k is the even root of A + 2 and k (k + 2) is no
	// square. k - 2 and the other root of A + 2 give slopes at other T.
	slope = func() field.Element {
		var k field.Element
		two := small(2)
		k.SqrtRatio(&orderTwo, new(field.Element).One())
		return *k.Add(&k, &two)
	}()
)

func small(n uint32) (e field.Element) {
	e.One()
	e.Mult32(&e, n)
	return e
}
