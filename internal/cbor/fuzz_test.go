package cbor_test

import (
	"errors"
	"math/bits"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
)

// addItems seeds a fuzz target with random items and some that are damaged.
func addItems(f *testing.F) {
	for seed := range uint64(60) {
		g := newGen(seed)
		g.item(5)
		f.Add(slices.Clone(g.b))
		g.b[g.IntN(len(g.b))] ^= 1 << g.IntN(8)
		f.Add(g.b)
	}
}

// FuzzScanner cuts the input into pieces whose lengths are in the bits of cuts.
func FuzzScanner(f *testing.F) {
	for seed := range uint64(60) {
		g := newGen(seed)
		g.item(5)
		f.Add(g.b, g.Uint64())
	}
	f.Fuzz(func(t *testing.T, b []byte, cuts uint64) {
		var s cbor.Scanner
		n, done, err := s.Scan(b)
		if n > len(b) || done && err != nil {
			t.Fatalf("%d of %d bytes, %t, %v", n, len(b), done, err)
		}
		if !done && err == nil && n != len(b) {
			t.Fatalf("%d of %d bytes taken, item not done", n, len(b))
		}
		next := func() int {
			cuts = bits.RotateLeft64(cuts, 3)
			return 1 + int(cuts&7)
		}
		if n2, done2, err2 := scanSplit(t, b, next); n2 != n || done2 != done || err2 != err {
			t.Fatalf("in pieces: %d, %t, %v; at once: %d, %t, %v", n2, done2, err2, n, done, err)
		}
	})
}

// FuzzReader calls the methods that ops names on in, in that order.
func FuzzReader(f *testing.F) {
	for seed := range uint64(60) {
		g := newGen(seed)
		g.item(5)
		ops := make([]byte, 20)
		for i := range ops {
			ops[i] = byte(g.Uint32())
		}
		f.Add(g.b, ops)
	}
	f.Fuzz(func(t *testing.T, in, ops []byte) {
		r := cbor.NewReader(in)
		left := 0
		for _, op := range ops {
			pos, err := r.Pos(), r.Err()
			var part []byte
			n := 0
			switch arg := int(op >> 4); op & 0xf {
			case 0:
				r.Uint()
			case 1:
				r.UintMax(uint64(arg))
			case 2:
				part = r.Bytes()
			case 3:
				part = r.BytesLen(arg)
			case 4:
				part = []byte(r.Text())
			case 5:
				n = r.Array()
			case 6:
				r.ArrayLen(arg)
			case 7:
				n = r.ArrayAny()
				left = n
			case 8:
				n = r.ArrayIndefinite()
			case 9:
				n = 2 * r.Map()
			case 10:
				n = r.MapAny()
				left = n
			case 11:
				r.Tag(uint64(arg))
			case 12:
				part = r.Encoded()
			case 13:
				r.Bool()
			case 14:
				part = r.Raw()
			case 15:
				r.Null()
				r.More(&left)
			}
			switch {
			case r.Pos() < pos || r.Pos() > len(in):
				t.Fatalf("moved from byte %d to %d of %d", pos, r.Pos(), len(in))
			case err != nil && (r.Pos() != pos || r.Err() != err || len(part) > 0):
				t.Fatalf("read on after %v", err)
			case len(part) > r.Pos()-pos:
				t.Fatalf("%d bytes out of %d", len(part), r.Pos()-pos)
			case n < cbor.Indefinite || n > len(in)-r.Pos():
				t.Fatalf("%d items announced, %d bytes left", n, len(in)-r.Pos())
			}
		}
		if r.Err() == nil && (r.Close() == nil) != (r.Pos() == len(in)) {
			t.Fatalf("closed at byte %d of %d with %v", r.Pos(), len(in), r.Err())
		}
	})
}

// FuzzRaw holds Raw to the Scanner: the same items, but for its greater depth.
func FuzzRaw(f *testing.F) {
	addItems(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		var s cbor.Scanner
		n, done, err := s.Scan(b)
		if err == cbor.ErrDepth {
			return
		}
		r := cbor.NewReader(b)
		raw := r.Raw()
		if done != (r.Err() == nil) || done && len(raw) != n || err != nil && !errors.Is(r.Err(), err) {
			t.Fatalf("Scan: %d, %t, %v; Raw: %d, %v", n, done, err, len(raw), r.Err())
		}
	})
}
