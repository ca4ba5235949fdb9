package curve

import "filippo.io/edwards25519/field"

var (
	d         = curveD()
	d2        = *new(field.Element).Add(&d, &d)
	generator = basePoint()
)

// curveD returns the curve's constant -121665/121666.
func curveD() field.Element {
	one := new(field.Element).One()
	n := new(field.Element).Mult32(one, 121665)
	n.Negate(n)
	m := new(field.Element).Mult32(one, 121666)
	return *n.Multiply(n, m.Invert(m))
}

// basePoint returns the point with y = 4/5 and even x.
func basePoint() Point {
	one := new(field.Element).One()
	y := new(field.Element).Mult32(one, 4)
	five := new(field.Element).Mult32(one, 5)
	y.Multiply(y, five.Invert(five))
	var p Point
	if !p.fromY(y, one) {
		panic("curve: no generator")
	}
	return p
}
