package curve

import (
	"bytes"
	"testing"

	"filippo.io/edwards25519"
)

// FuzzPoint compares what is made of two points and two factors with what
// another implementation makes of them.
func FuzzPoint(f *testing.F) {
	g := edwards25519.NewGeneratorPoint().Bytes()
	f.Add(g, g, make([]byte, 32), bytes.Repeat([]byte{0x5a}, 64))
	f.Add(bytes.Repeat([]byte{0xff}, 32), edwards25519.NewIdentityPoint().Bytes(), bytes.Repeat([]byte{1}, 64), []byte{2})
	f.Fuzz(func(t *testing.T, a, b, x, y []byte) {
		p, theirs, ok := both(t, a)
		q, theirs2, ok2 := both(t, b)
		if !ok || !ok2 {
			return
		}
		m, s := factor(t, x)
		n, s2 := factor(t, y)
		var sum Point
		want := new(edwards25519.Point).VarTimeMultiScalarMult([]*edwards25519.Scalar{m, n}, []*edwards25519.Point{theirs, theirs2})
		same(t, sum.Combine(&s, &p, &s2, &q), want)
		same(t, sum.GeneratorPlus(&s, &s2, NewTable(&q, 256)), new(edwards25519.Point).VarTimeDoubleScalarBaseMult(n, theirs2, m))
		same(t, sum.MultByCofactor(&p), new(edwards25519.Point).MultByCofactor(theirs))
		if small := new(edwards25519.Point).MultByCofactor(theirs).Equal(edwards25519.NewIdentityPoint()) == 1; p.IsSmallOrder() != small {
			t.Errorf("%x is of small order: %v", a, p.IsSmallOrder())
		}
	})
}

// both decodes a point twice. The other implementation also takes y that are
// not below the prime.
func both(t *testing.T, b []byte) (p Point, theirs *edwards25519.Point, ok bool) {
	t.Helper()
	p, ok = Decode(b)
	theirs, err := new(edwards25519.Point).SetBytes(b)
	if want := err == nil && bytes.Equal(unsigned(theirs.Bytes()), unsigned(b)); ok != want {
		t.Fatalf("%x: %v, the other: %v", b, ok, err)
	}
	if ok {
		same(t, &p, theirs)
	}
	return p, theirs, ok
}

// unsigned returns an encoding without the sign of x.
func unsigned(b []byte) []byte {
	b = bytes.Clone(b)
	b[Size-1] &= 0x7f
	return b
}

// factor makes a factor of up to 64 bytes.
func factor(t *testing.T, b []byte) (*edwards25519.Scalar, Scalar) {
	t.Helper()
	var wide [64]byte
	copy(wide[:], b)
	theirs, err := edwards25519.NewScalar().SetUniformBytes(wide[:])
	if err != nil {
		t.Fatal(err)
	}
	ours := Reduce(&wide)
	if ours != NewScalar(theirs.Bytes()) {
		t.Fatalf("%x modulo the order is %x here", wide, ours)
	}
	return theirs, ours
}

// FuzzHashToPoint holds that any 32 bytes lead to a point on the curve, with
// even x, and that the top bit does not count.
func FuzzHashToPoint(f *testing.F) {
	f.Add(make([]byte, 32))
	f.Add(bytes.Repeat([]byte{0xff}, 32))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := HashToPoint(b)
		if ok != (len(b) == 32) {
			t.Fatalf("%x: %v", b, ok)
		}
		if !ok {
			return
		}
		raw := encode(&p)
		if _, err := new(edwards25519.Point).SetBytes(raw); err != nil || raw[31]>>7 != 0 {
			t.Errorf("%x leads to %x, %v", b, raw, err)
		}
		other := bytes.Clone(b)
		other[31] ^= 0x80
		if q, _ := HashToPoint(other); !bytes.Equal(encode(&q), raw) {
			t.Errorf("%x and %x lead to different points", b, other)
		}
	})
}
