package cbor_test

import (
	"slices"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/golden"
)

// scanSplit feeds b to a Scanner in pieces whose lengths come from next, and
// checks what Scan promises about each. The pieces are copied into one buffer
// that is overwritten after each call, so a Scanner that looked back would
// stumble.
func scanSplit(t *testing.T, b []byte, next func() int) (n int, done bool, err error) {
	t.Helper()
	var s cbor.Scanner
	var piece []byte
	for n < len(b) && !done && err == nil {
		piece = append(piece[:0], b[n:n+min(next(), len(b)-n)]...)
		var used int
		used, done, err = s.Scan(piece)
		n += used
		if !done && err == nil && used != len(piece) {
			t.Fatalf("only %d of %d bytes taken, item not done", used, len(piece))
		}
		if got := s.Pending(); err == nil && n > 0 && (got == 0) != done {
			t.Fatalf("%d bytes pending, done: %t", got, done)
		}
		for i := range piece {
			piece[i] = 0xff
		}
	}
	return n, done, err
}

func TestScanAnySplit(t *testing.T) {
	for seed := range uint64(400) {
		g := newGen(seed)
		g.item(6)
		if seed%2 == 1 { // damage it, so that errors are covered
			g.b[g.IntN(len(g.b))] = byte(g.Uint32())
		}
		var s cbor.Scanner
		n, done, err := s.Scan(g.b)
		if seed%2 == 0 && (n != len(g.b) || !done || err != nil) {
			t.Fatalf("%x: %d, %t, %v; want all of its %d bytes", g.b, n, done, err, len(g.b))
		}
		for try := range 5 {
			next := func() int { return 1 }
			if try > 0 {
				next = func() int { return g.IntN(4 * try) }
			}
			if n2, done2, err2 := scanSplit(t, g.b, next); n2 != n || done2 != done || err2 != err {
				t.Fatalf("%x in pieces: %d, %t, %v; at once: %d, %t, %v", g.b, n2, done2, err2, n, done, err)
			}
		}
	}
}

// Nothing within a string is looked at.
func TestScanIgnoresStrings(t *testing.T) {
	for seed := range uint64(200) {
		g := newGen(seed)
		g.item(6)
		for _, s := range g.strings {
			for i := s.from; i < s.to; i++ {
				g.b[i] = 0xff
			}
		}
		var s cbor.Scanner
		if n, done, err := s.Scan(g.b); n != len(g.b) || !done || err != nil {
			t.Fatalf("%x: %d, %t, %v", g.b, n, done, err)
		}
	}
}

// Wherever an item is cut, Pending is at most what is missing; within a string
// that is the whole item it is exactly that.
func TestPendingIsLowerBound(t *testing.T) {
	for seed := range uint64(400) {
		g := newGen(seed)
		g.item(6)
		plain := len(g.strings) == 1 && g.strings[0].to == len(g.b) && g.b[0]>>5 != 6 && g.b[0] < 0x80
		var s cbor.Scanner
		for i := range g.b {
			s.Scan(g.b[i : i+1])
			missing := uint64(len(g.b) - i - 1)
			if got := s.Pending(); got > missing || (got == 0) != (missing == 0) {
				t.Fatalf("%x after %d bytes: %d pending, %d missing", g.b, i+1, got, missing)
			}
			if plain && i+1 >= g.strings[0].from && s.Pending() != missing {
				t.Fatalf("%x after %d bytes: %d pending, %d missing", g.b, i+1, s.Pending(), missing)
			}
		}
	}
}

// Between heads, Pending is the least there can be: always a small item or a
// break brings the end closer by one.
func TestPendingIsLeast(t *testing.T) {
	for seed := range uint64(400) {
		g := newGen(seed)
		g.item(6)
		cut := g.b[:1+g.IntN(len(g.b))]
		for {
			var s cbor.Scanner
			s.Scan(cut)
			pending := s.Pending()
			if pending == 0 || s.InHead() {
				break
			}
			closer := func(b byte) bool {
				var s cbor.Scanner
				_, _, err := s.Scan(append(slices.Clip(cut), b))
				return err == nil && s.Pending() == pending-1
			}
			candidates := []byte{0x00, 0xff}
			i := slices.IndexFunc(candidates, closer)
			if i < 0 {
				t.Fatalf("%x: no byte brings the end closer", cut)
			}
			cut = append(slices.Clip(cut), candidates[i])
		}
	}
}

func TestPending(t *testing.T) {
	tests := []struct {
		in   string
		want uint64
	}{
		{"", 0},
		{"00", 0},
		{"1b00", 7},
		{"5a7fffffff", 0x7fffffff},
		{"430102", 1},
		{"83", 3},
		{"8382", 4}, // not 5: the inner array is one of the three
		{"838281", 4},
		{"8301", 2},
		{"9a80000000", 1 << 31},
		{"ba80000000", 1 << 32},
		{"83828100", 3},
		{"9f", 1},
		{"9f9f", 2},
		{"9f43", 4},
		{"bf", 1},
		{"bf00", 2},
		{"bf43", 5},
		{"bf0043", 4},
		{"bf9f", 3},
		{"bf009f", 2},
		{"5f", 1},
		{"5f42", 3},
		{"c1", 1},
		{"c142", 2},
		{"82c118", 2},
	}
	for _, test := range tests {
		var s cbor.Scanner
		if _, _, err := s.Scan(golden.Bytes(t, test.in)); err != nil {
			t.Errorf("%s: %v", test.in, err)
		}
		if got := s.Pending(); got != test.want {
			t.Errorf("%s: %d pending, want %d", test.in, got, test.want)
		}
	}
}
