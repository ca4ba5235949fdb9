package curve

import "filippo.io/edwards25519/field"

// Point is a point in extended coordinates: x = X/Z, y = Y/Z, x y = T/Z. The
// zero value is not a point; start with [Decode], [Generator] or [Identity].
type Point struct{ x, y, z, t field.Element }

// projective is a point without T, which doubling does not need.
type projective struct{ x, y, z field.Element }

// completed is what an addition leaves: x = X/Z, y = Y/T.
type completed struct{ x, y, z, t field.Element }

// cached is a point made ready to be added.
type cached struct{ yPlusX, yMinusX, z, t2d field.Element }

// affine is a [cached] with Z = 1.
type affine struct{ yPlusX, yMinusX, t2d field.Element }

// Identity returns the neutral point.
func Identity() (p Point) {
	p.y.One()
	p.z.One()
	return p
}

// Generator returns the point that public keys are multiples of.
func Generator() Point { return generator }

// Negate sets p to -q and returns p.
func (p *Point) Negate(q *Point) *Point {
	p.x.Negate(&q.x)
	p.y.Set(&q.y)
	p.z.Set(&q.z)
	p.t.Negate(&q.t)
	return p
}

// MultByCofactor sets p to 8 q and returns p.
func (p *Point) MultByCofactor(q *Point) *Point {
	var c completed
	v := projective{q.x, q.y, q.z}
	c.double(&v)
	v.fromCompleted(&c)
	c.double(&v)
	v.fromCompleted(&c)
	c.double(&v)
	return p.fromCompleted(&c)
}

// MultByOrder sets p to q times the order of the generator and returns p: the
// neutral point, unless q has a part of small order.
func (p *Point) MultByOrder(q *Point) *Point {
	return p.Combine(&order, q, &Scalar{}, q)
}

// IsIdentity reports whether p is the neutral point.
func (p *Point) IsIdentity() bool {
	var zero field.Element
	return p.x.Equal(&zero) == 1 && p.y.Equal(&p.z) == 1
}

// IsSmallOrder reports whether 8 p is the neutral point.
func (p *Point) IsSmallOrder() bool {
	var q Point
	return q.MultByCofactor(p).IsIdentity()
}

// Add sets p to q + r and returns p.
func (p *Point) Add(q, r *Point) *Point {
	var k cached
	var c completed
	k.fromPoint(r)
	c.add(q, &k)
	return p.fromCompleted(&c)
}

func (p *Point) fromCompleted(c *completed) *Point {
	p.x.Multiply(&c.x, &c.t)
	p.y.Multiply(&c.y, &c.z)
	p.z.Multiply(&c.z, &c.t)
	p.t.Multiply(&c.x, &c.y)
	return p
}

func (p *projective) fromCompleted(c *completed) {
	p.x.Multiply(&c.x, &c.t)
	p.y.Multiply(&c.y, &c.z)
	p.z.Multiply(&c.z, &c.t)
}

func (k *cached) fromPoint(p *Point) {
	k.yPlusX.Add(&p.y, &p.x)
	k.yMinusX.Subtract(&p.y, &p.x)
	k.z.Set(&p.z)
	k.t2d.Multiply(&p.t, &d2)
}

// The formulas are those of Hisil, Wong, Carter and Dawson for twisted Edwards
// curves with a = -1.

func (c *completed) double(p *projective) {
	var xx, yy, zz2, xy2 field.Element
	xx.Square(&p.x)
	yy.Square(&p.y)
	zz2.Square(&p.z)
	zz2.Add(&zz2, &zz2)
	xy2.Add(&p.x, &p.y)
	xy2.Square(&xy2)
	c.y.Add(&yy, &xx)
	c.z.Subtract(&yy, &xx)
	c.x.Subtract(&xy2, &c.y)
	c.t.Subtract(&zz2, &c.z)
}

func (c *completed) add(p *Point, q *cached) {
	var zz field.Element
	zz.Multiply(&p.z, &q.z)
	c.sum(p, &q.yPlusX, &q.yMinusX, &q.t2d, &zz, false)
}

func (c *completed) sub(p *Point, q *cached) {
	var zz field.Element
	zz.Multiply(&p.z, &q.z)
	c.sum(p, &q.yMinusX, &q.yPlusX, &q.t2d, &zz, true)
}

func (c *completed) addAffine(p *Point, q *affine) {
	c.sum(p, &q.yPlusX, &q.yMinusX, &q.t2d, &p.z, false)
}

func (c *completed) subAffine(p *Point, q *affine) {
	c.sum(p, &q.yMinusX, &q.yPlusX, &q.t2d, &p.z, true)
}

// sum adds the point (plus, minus, t2d), or subtracts it if the caller has
// exchanged plus and minus; zz is the product of both Z.
func (c *completed) sum(p *Point, plus, minus, t2d, zz *field.Element, negate bool) {
	var pp, mm, tt, zz2 field.Element
	pp.Add(&p.y, &p.x)
	mm.Subtract(&p.y, &p.x)
	pp.Multiply(&pp, plus)
	mm.Multiply(&mm, minus)
	tt.Multiply(&p.t, t2d)
	zz2.Add(zz, zz)
	c.x.Subtract(&pp, &mm)
	c.y.Add(&pp, &mm)
	if negate {
		c.z.Subtract(&zz2, &tt)
		c.t.Add(&zz2, &tt)
	} else {
		c.z.Add(&zz2, &tt)
		c.t.Subtract(&zz2, &tt)
	}
}
