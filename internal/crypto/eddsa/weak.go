package eddsa

import (
	"bytes"
	"encoding/hex"

	"github.com/ouronet/ouronet/internal/crypto/curve"
)

// weak are the y coordinates of the eight points of small order.
var weak = func() (ys [][curve.Size]byte) {
	for _, y := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000", // order 4
		"0100000000000000000000000000000000000000000000000000000000000000", // neutral
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // order 2
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", // order 8
	} {
		b, _ := hex.DecodeString(y)
		ys = append(ys, [curve.Size]byte(b))
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
	return y[0] < prime[0] || !bytes.Equal(y[1:], prime[1:]) // the prime ends in ff ... 7f, the most there is
}
