package curve

import (
	"encoding/binary"
	"math/bits"

	"filippo.io/edwards25519"
)

// Scalar is a number of 256 bits, least significant limb first. Products depend
// on all of it: it is not reduced, as a point may have a part of small order.
type Scalar [4]uint64

// NewScalar reads up to 32 bytes, least significant first.
func NewScalar(b []byte) (s Scalar) {
	var buf [32]byte
	copy(buf[:], b)
	for i := range s {
		s[i] = binary.LittleEndian.Uint64(buf[8*i:])
	}
	return s
}

// order is the order of the generator, 2^252 + 27742317777372353535851937790883648493.
var order = Scalar{0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 1 << 60}

// IsReduced reports whether s is below the order of the generator.
func (s *Scalar) IsReduced() bool {
	for i := 3; i >= 0; i-- {
		if s[i] != order[i] {
			return s[i] < order[i]
		}
	}
	return false
}

// Negate returns the number below the order that adds up with s, which is
// reduced, to the order or to 0: what libsodium takes for -s.
func (s *Scalar) Negate() (n Scalar) {
	if *s == n {
		return n
	}
	var borrow uint64
	for i := range n {
		n[i], borrow = bits.Sub64(order[i], s[i], borrow)
	}
	return n
}

// Reduce returns a hash of 64 bytes, least significant first, modulo the order
// of the generator.
func Reduce(hash *[64]byte) Scalar {
	var s edwards25519.Scalar
	_, _ = s.SetUniformBytes(hash[:]) // fails with other sizes only
	return NewScalar(s.Bytes())
}

// naf writes the digits of a number given in limbs, least significant first, in
// non-adjacent form: n is the sum of digits[i] 2^i, digits are odd and below
// 2^(w-1), or zero, and of w in a row at most one is not zero. It returns the
// number of digits, which is at most one more than the number of bits.
func naf(digits []int8, n []uint64, w uint) int {
	width := uint64(1) << w
	carry, last := uint64(0), 0
	for i := 0; i/64 < len(n) || carry != 0; {
		var window uint64
		if limb, bit := i/64, uint(i%64); limb < len(n) {
			window = n[limb] >> bit
			if bit+w > 64 && limb+1 < len(n) {
				window |= n[limb+1] << (64 - bit)
			}
		}
		window = window&(width-1) + carry
		if window&1 == 0 {
			i++ // the carry, if any, goes on
			continue
		}
		digit := int8(window)
		carry = 0
		if window > width/2 { // not at the end, where nothing is above
			digit = int8(int64(window) - int64(width))
			carry = 1
		}
		digits[i] = digit
		last = i + 1
		i += int(w)
	}
	return last
}
