package curve

import "filippo.io/edwards25519/field"

// Window sizes in bits of the digits of a product. A table of odd multiples for
// width w has 2^(w-2) of them.
const (
	width          = 5 // for points that vary
	generatorWidth = 8
)

// A scalar is cut into limbs of 64 bits, so that a product that has tables for
// each limb takes a quarter of the doublings.
const limbs = 4

// digits is the non-adjacent form of one limb.
type digits [64 + 1]int8

// multiples are 1, 3, 5 ... 15 times a point.
type multiples [1 << (width - 2)]affine

// Table holds multiples of a point that is multiplied often: 960 bytes for each
// 64 bits of the factor. It never changes, so many may read it at once.
type Table struct{ limbs []multiples }

// NewTable makes the table of p for factors of up to bits bits, at most 256. It
// costs about as much as a product without one.
func NewTable(p *Point, bits int) *Table {
	t := &Table{limbs: make([]multiples, (bits+63)/64)}
	var all [limbs * len(multiples{})]Point
	points := all[:0]
	base := *p
	for i := range t.limbs {
		if i > 0 {
			base.double64()
		}
		points = appendOdd(points, &base, len(multiples{}))
	}
	var ready [limbs * len(multiples{})]affine
	toAffine(ready[:], points)
	for i := range t.limbs {
		copy(t.limbs[i][:], ready[i*len(multiples{}):])
	}
	return t
}

// generatorTable holds odd multiples of the generator, for each limb.
var generatorTable = func() (t [limbs][1 << (generatorWidth - 2)]affine) {
	base := generator
	for i := range t {
		if i > 0 {
			base.double64()
		}
		toAffine(t[i][:], appendOdd(nil, &base, len(t[i])))
	}
	return t
}()

// double64 sets p to 2^64 p.
func (p *Point) double64() {
	var c completed
	v := projective{p.x, p.y, p.z}
	for range 63 {
		c.double(&v)
		v.fromCompleted(&c)
	}
	c.double(&v)
	p.fromCompleted(&c)
}

// appendOdd appends the first n odd multiples of p.
func appendOdd(dst []Point, p *Point, n int) []Point {
	var twice Point
	twice.Add(p, p)
	next := *p
	for i := range n {
		if i > 0 {
			next.Add(&next, &twice)
		}
		dst = append(dst, next)
	}
	return dst
}

// toAffine makes points ready to be added, with one inversion.
func toAffine(dst []affine, points []Point) {
	products := make([]field.Element, len(points)) // of Z before this one
	var product field.Element
	product.One()
	for i := range points {
		products[i].Set(&product)
		product.Multiply(&product, &points[i].z)
	}
	var inverse, z, x, y field.Element
	inverse.Invert(&product)
	for i := len(points) - 1; i >= 0; i-- {
		z.Multiply(&inverse, &products[i])
		inverse.Multiply(&inverse, &points[i].z)
		x.Multiply(&points[i].x, &z)
		y.Multiply(&points[i].y, &z)
		dst[i].yPlusX.Add(&y, &x)
		dst[i].yMinusX.Subtract(&y, &x)
		dst[i].t2d.Multiply(&x, &y)
		dst[i].t2d.Multiply(&dst[i].t2d, &d2)
	}
}
