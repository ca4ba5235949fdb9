package curve

import (
	"bytes"
	"math/big"
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

var fieldPrime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))

// plainMap is Elligator 2 as RFC 9380 writes it, in big numbers: it returns x, y
// and whether the first u was taken.
func plainMap(r *big.Int) (x, y *big.Int, first bool) {
	p, a := fieldPrime, big.NewInt(486662)
	mod := func(x *big.Int) *big.Int { return x.Mod(x, p) }
	w := mod(new(big.Int).Mul(r, r))
	w.Lsh(w, 1).Add(w, big.NewInt(1))
	u := mod(new(big.Int).Neg(new(big.Int).Mul(a, new(big.Int).ModInverse(mod(w), p))))
	right := new(big.Int).Mul(u, u) // u³ + A u² + u
	right.Mul(right, new(big.Int).Add(u, a)).Add(right, u)
	first = big.Jacobi(mod(right), p) >= 0
	if !first {
		u = mod(new(big.Int).Neg(new(big.Int).Add(u, a)))
	}
	y = new(big.Int).Sub(u, big.NewInt(1))
	y.Mul(y, new(big.Int).ModInverse(new(big.Int).Add(u, big.NewInt(1)), p))

	right.Mul(u, u)
	v := new(big.Int).ModSqrt(mod(right.Mul(right, new(big.Int).Add(u, a)).Add(right, u)), p)
	if v.Sign() == 0 {
		return v, mod(y), first
	}
	if odd := v.Bit(0) == 1; odd != first {
		v.Sub(p, v)
	}
	x = new(big.Int).ModSqrt(mod(big.NewInt(-486664)), p)
	if x.Bit(0) == 1 {
		x.Sub(p, x)
	}
	x.Mul(x, u).Mul(x, v.ModInverse(v, p))
	return mod(x), mod(y), first
}

func littleEndian(b []byte) []byte {
	b = slices.Clone(b)
	slices.Reverse(b)
	return b
}

func TestHashToPoint(t *testing.T) {
	inputs := [][]byte{make([]byte, 32), append([]byte{1}, make([]byte, 31)...), bytes.Repeat([]byte{0xff}, 32)}
	for range 200 {
		b := make([]byte, 32)
		for i := range b {
			b[i] = byte(source.Uint32())
		}
		inputs = append(inputs, b)
	}
	firsts := 0
	for _, b := range inputs {
		r := bytes.Clone(b)
		r[31] &= 0x7f
		x, y, first := plainMap(new(big.Int).SetBytes(littleEndian(r)))
		if first {
			firsts++
		}
		p, ok := HashToPoint(b)
		if !ok {
			t.Fatalf("no point for %x", b)
		}
		// X is even, so the sign bit is not set.
		if got, want := encode(&p), littleEndian(y.FillBytes(make([]byte, 32))); !bytes.Equal(got, want) {
			t.Errorf("point of %x is %x, want %x", b, got, want)
		}
		var element field.Element
		if _, err := element.SetBytes(b); err != nil {
			t.Fatal(err)
		}
		want := littleEndian(y.FillBytes(make([]byte, 32)))
		want[31] |= byte(x.Bit(0)) << 7
		signed := MapToPoint(&element)
		if got := encode(&signed); !bytes.Equal(got, want) {
			t.Errorf("signed point of %x is %x, want %x", b, got, want)
		}
		for _, q := range []*Point{&p, &signed} { // T is not encoded
			theirs, err := new(edwards25519.Point).SetBytes(encode(q))
			if err != nil {
				t.Fatal(err)
			}
			same(t, q, theirs)
		}
	}
	if firsts == 0 || firsts == len(inputs) {
		t.Errorf("%d of %d inputs have the first point", firsts, len(inputs))
	}
	if _, ok := HashToPoint(make([]byte, 31)); ok {
		t.Error("31 bytes have a point")
	}
}
