package eddsa

import "github.com/ouronet/ouronet/internal/curve"

// weak are the y coordinates of the eight points of small order.
var weak = func() (ys [5][curve.Size]byte) {
	ys[1] = [curve.Size]byte{1} // the neutral point
	ys[2] = prime               // minus 1, of order 2
	ys[2][0]--                  // 0, in ys[0], is of order 4
	ys[3] = [curve.Size]byte{   // of order 8
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
	}
	borrow := 0
	for i := range prime { // its negative
		v := int(prime[i]) - int(ys[3][i]) - borrow
		borrow = 0
		if v < 0 {
			v, borrow = v+256, 1
		}
		ys[4][i] = byte(v)
	}
	return ys
}()

// prime is 2^255 - 19.
var prime = func() (p [curve.Size]byte) {
	for i := range p {
		p[i] = 0xff
	}
	p[0], p[curve.Size-1] = 0xed, 0x7f
	return p
}()

// strong reports whether the encoding of a point has a y below the field's
// prime and is not one of small order, whatever the sign of x.
func strong(point []byte) bool {
	y := [curve.Size]byte(point)
	y[curve.Size-1] &= 0x7f
	for i := range weak {
		if y == weak[i] {
			return false
		}
	}
	for i := curve.Size - 1; i >= 0; i-- {
		if y[i] != prime[i] {
			return y[i] < prime[i]
		}
	}
	return false
}
