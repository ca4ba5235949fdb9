package curve

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"unsafe"

	"filippo.io/edwards25519"

	"github.com/ouronet/ouronet/internal/testing/testenv"
)

var source = rand.New(rand.NewPCG(1, 2))

func scalar(t *testing.T) (*edwards25519.Scalar, Scalar) {
	t.Helper()
	var hash [64]byte
	for i := range hash {
		hash[i] = byte(source.Uint32())
	}
	s, err := edwards25519.NewScalar().SetUniformBytes(hash[:])
	if err != nil {
		t.Fatal(err)
	}
	ours := Reduce(&hash)
	if ours != NewScalar(s.Bytes()) || !ours.IsReduced() {
		t.Fatalf("scalar %x is %x here", s.Bytes(), ours)
	}
	return s, ours
}

// point returns a random point, often with a part of small order.
func point(t *testing.T) (*edwards25519.Point, Point) {
	t.Helper()
	for {
		var b [Size]byte
		for i := range b {
			b[i] = byte(source.Uint32())
		}
		p, err := new(edwards25519.Point).SetBytes(b[:])
		ours, ok := Decode(b[:])
		if ok != (err == nil) {
			t.Fatalf("point %x: %v, %v", b, ok, err)
		}
		if ok {
			same(t, &ours, p)
			return p, ours
		}
	}
}

func encode(p *Point) []byte {
	var out [1][Size]byte
	Encode(out[:], p)
	return out[0][:]
}

func same(t *testing.T, p *Point, want *edwards25519.Point) {
	t.Helper()
	if got := encode(p); !bytes.Equal(got, want.Bytes()) {
		t.Fatalf("got point %x, want %x", got, want.Bytes())
	}
	// T is not encoded.
	x, y, z, s := p.x, p.y, p.z, p.t
	if _, err := new(edwards25519.Point).SetExtendedCoordinates(&x, &y, &z, &s); err != nil {
		t.Fatalf("point %x: %v", encode(p), err)
	}
}

func TestProducts(t *testing.T) {
	for range 300 {
		p, ourP := point(t)
		q, ourQ := point(t)
		a, ourA := scalar(t)
		b, ourB := scalar(t)
		var got Point

		want := new(edwards25519.Point).VarTimeMultiScalarMult([]*edwards25519.Scalar{a, b}, []*edwards25519.Point{p, q})
		same(t, got.Combine(&ourA, &ourP, &ourB, &ourQ), want)

		want.VarTimeDoubleScalarBaseMult(a, p, b)
		same(t, got.GeneratorPlus(&ourB, &ourA, NewTable(&ourP, 256)), want)

		short := Scalar{ourA[0], ourA[1]}
		half := append(append([]byte{}, a.Bytes()[:16]...), make([]byte, 16)...)
		a, _ = a.SetCanonicalBytes(half)
		want.VarTimeDoubleScalarBaseMult(a, q, b)
		same(t, got.GeneratorPlus(&ourB, &short, NewTable(&ourQ, 128)), want)

		same(t, got.MultByCofactor(&ourP), want.MultByCofactor(p))
		same(t, got.Negate(&ourP), want.Negate(p))
		same(t, got.Add(&ourP, &ourQ), want.Add(p, q))
	}
}

// Extreme factors, in all combinations.
func TestEdges(t *testing.T) {
	last := order
	last[0]--
	full := Scalar{^uint64(0), ^uint64(0), ^uint64(0), 1<<60 - 1}
	p, ourP := point(t)
	p.MultByCofactor(p) // so that factors count modulo the order
	ourP.MultByCofactor(&ourP)
	table := NewTable(&ourP, 256)
	all := Scalar{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
	factors := []Scalar{{}, {1}, {2}, {^uint64(0)}, {0, 1}, {1 << 63}, {0, 0, 0, 1 << 59}, last, full, all}
	for _, a := range factors {
		for _, b := range factors {
			var got, combined Point
			got.GeneratorPlus(&a, &b, table)
			want := new(edwards25519.Point).VarTimeDoubleScalarBaseMult(theirs(t, b), p, theirs(t, a))
			same(t, &got, want)
			g := Generator()
			same(t, combined.Combine(&a, &g, &b, &ourP), want)
		}
	}
	if order.IsReduced() || !last.IsReduced() || (&Scalar{0, 0, 0, 1 << 61}).IsReduced() {
		t.Error("IsReduced is wrong about the order")
	}
}

// Negate is what libsodium's crypto_core_ed25519_scalar_negate does: 0 stays 0.
func TestNegate(t *testing.T) {
	for _, test := range []struct{ s, want Scalar }{
		{Scalar{}, Scalar{}},
		{Scalar{1}, Scalar{order[0] - 1, order[1], 0, order[3]}},
		{Scalar{order[0], order[1]}, Scalar{0, 0, 0, order[3]}},
		{Scalar{order[0] + 1, order[1]}, Scalar{^uint64(0), ^uint64(0), ^uint64(0), order[3] - 1}},
		{Scalar{^uint64(0), ^uint64(0)}, Scalar{order[0] + 1, order[1], ^uint64(0), order[3] - 1}},
		{Scalar{order[0] - 1, order[1], 0, order[3]}, Scalar{1}},
	} {
		if got := test.s.Negate(); got != test.want {
			t.Errorf("the negative of %x is %x, want %x", test.s, got, test.want)
		}
		if got := test.want.Negate(); got != test.s {
			t.Errorf("the negative of %x is %x, want %x", test.want, got, test.s)
		}
	}
}

// The order of the generator times a point is five times its part of order 8,
// and the factors are not taken modulo the order.
func TestMultByOrder(t *testing.T) {
	parts := make(map[string]int)
	for range 200 {
		p, ours := point(t)
		want := edwards25519.NewIdentityPoint()
		for i := 252; i >= 0; i-- {
			want.Add(want, want)
			if order[i/64]>>(i%64)&1 == 1 {
				want.Add(want, p)
			}
		}
		var got Point
		same(t, got.MultByOrder(&ours), want)
		parts[string(want.Bytes())]++
	}
	if len(parts) != 8 {
		t.Errorf("%d parts of small order, want 8", len(parts))
	}
}

func theirs(t *testing.T, s Scalar) *edwards25519.Scalar {
	t.Helper()
	wide := make([]byte, 64)
	for i, limb := range s {
		for j := range 8 {
			wide[8*i+j] = byte(limb >> (8 * j))
		}
	}
	v, err := edwards25519.NewScalar().SetUniformBytes(wide)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var tableSink *Table

// Sizes that comments and documents give.
func TestTableSizes(t *testing.T) {
	if n := unsafe.Sizeof(multiples{}); n != 960 {
		t.Errorf("a table has %d bytes for 64 bits, want 960", n)
	}
	if n := unsafe.Sizeof(generatorTable); n != 4*64*120 {
		t.Errorf("the generator's table has %d bytes, want 64 points for each limb", n)
	}
	for bits, want := range map[int]int{1: 1, 64: 1, 65: 2, 128: 2, 256: 4} {
		if n := len(NewTable(&generator, bits).limbs); n != want {
			t.Errorf("a table for %d bits has %d limbs, want %d", bits, n, want)
		}
		// The table, its limbs, and one slice to make them.
		if n := testing.AllocsPerRun(5, func() { tableSink = NewTable(&generator, bits) }); n != 3 && !testenv.Race {
			t.Errorf("a table for %d bits takes %v allocations, want 3", bits, n)
		}
	}
}

func TestEncodeMany(t *testing.T) {
	for n := 1; n <= maxEncode; n++ {
		points := make([]*Point, n)
		want := make([][Size]byte, n)
		for i := range points {
			_, p := point(t)
			p.MultByCofactor(&p) // Z is not 1
			points[i] = &p
			copy(want[i][:], encode(&p))
		}
		got := make([][Size]byte, n)
		Encode(got, points...)
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("point %d of %d is %x, want %x", i, n, got[i], want[i])
			}
		}
	}
}

func TestDecode(t *testing.T) {
	le := func(low byte, rest byte, top byte) []byte {
		b := bytes.Repeat([]byte{rest}, Size)
		b[0], b[Size-1] = low, top
		return b
	}
	for name, test := range map[string]struct {
		b  []byte
		ok bool
	}{
		"neutral":                 {le(1, 0, 0), true},
		"neutral, x = -0":         {le(1, 0, 0x80), true},
		"order 2":                 {le(0xec, 0xff, 0x7f), true},
		"order 2, x = -0":         {le(0xec, 0xff, 0xff), true},
		"order 4":                 {le(0, 0, 0), true},
		"order 4, other sign":     {le(0, 0, 0x80), true},
		"p for 0":                 {le(0xed, 0xff, 0x7f), false},
		"p + 1 for 1":             {le(0xee, 0xff, 0x7f), false},
		"the most":                {le(0xff, 0xff, 0xff), false},
		"not on the curve, y = 2": {le(2, 0, 0), false},
		"short":                   {make([]byte, 31), false},
		"long":                    {make([]byte, 33), false},
	} {
		p, ok := Decode(test.b)
		if ok != test.ok {
			t.Errorf("%s: decoded %v, want %v", name, ok, test.ok)
		}
		if ok && !bytes.Equal(unsigned(encode(&p)), unsigned(test.b)) {
			t.Errorf("%s: encodes to %x", name, encode(&p))
		}
		if ok && !p.IsSmallOrder() {
			t.Errorf("%s is not of small order", name)
		}
	}
	if g := Generator(); g.IsSmallOrder() || !bytes.Equal(encode(&g), edwards25519.NewGeneratorPoint().Bytes()) {
		t.Error("wrong generator")
	}
	if id := Identity(); !id.IsIdentity() {
		t.Error("the neutral point is not neutral")
	}
}

func BenchmarkCurve(b *testing.B) {
	p := Generator()
	p.MultByCofactor(&p)
	q := p
	q.MultByCofactor(&q)
	s := Scalar{0x123456789abcdef0, 0xfedcba9876543210, 0x0f1e2d3c4b5a6978, 0x0123456789abcdef}
	short := Scalar{s[0], s[1]}
	enc := encode(&p)
	for name, f := range map[string]func(){
		"Combine":         func() { new(Point).Combine(&s, &p, &short, &q) },
		"HashToPoint":     func() { HashToPoint(enc) },
		"Decode":          func() { Decode(enc) },
		"NewTable/256":    func() { NewTable(&p, 256) },
		"NewTable/128":    func() { NewTable(&p, 128) },
		"Encode/4 points": func() { var out [4][Size]byte; Encode(out[:], &p, &q, &p, &q) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
	b.Run("GeneratorPlus", func(b *testing.B) {
		b.ReportAllocs()
		table := NewTable(&p, 256)
		for b.Loop() {
			new(Point).GeneratorPlus(&s, &s, table)
		}
	})
}
