package ledger

import (
	"bytes"
	"hash"
	"slices"
	"testing"

	"golang.org/x/crypto/blake2b"

	"github.com/ouronet/ouronet/internal/cbor"
)

// countedHash counts what it is given.
type countedHash struct {
	hash.Hash
	writes, bytes int
}

func (c *countedHash) Write(b []byte) (int, error) {
	c.writes++
	c.bytes += len(b)
	return c.Hash.Write(b)
}

// counted returns a hasher and what counts the calls of its hash.
func counted() (*BodyHasher, *countedHash) {
	state, _ := blake2b.New256(nil)
	c := &countedHash{Hash: state}
	return &BodyHasher{state: c}, c
}

// tinyItems is a block with a body of n transactions of two bytes.
func tinyItems(t testing.TB, n int) Block {
	t.Helper()
	empty := append(cbor.AppendArray(nil, n), bytes.Repeat([]byte{0xa0}, n)...)
	parts := [][]byte{empty, empty, {0xa0}, {0x80}}
	raw := testBlock(Conway, testHeader(testBody{Conway, parts}, nil), parts)
	b, err := Preview.ParseBlock(raw)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// pieces gives a hasher all of a block but its last byte, in pieces.
func pieces(h *BodyHasher, raw RawBlock, of *Header) (n int) {
	for cut := 12288; cut < len(raw); cut += 12288 {
		h.Arrived(raw[:cut], of)
		n++
	}
	h.Arrived(raw[:len(raw)-1], of)
	return n + 1
}

// What comes at once is hashed at once, however small its items are.
func TestBodyHasherWrites(t *testing.T) {
	b := tinyItems(t, 500_000)
	h, c := counted()
	n := pieces(h, b.Raw, &b.Header)
	if most := n + blockParts(Conway); c.writes > most || c.bytes != len(b.body)-1 {
		t.Errorf("%d writes of %d bytes in all, want %d of %d for %d pieces", c.writes, c.bytes, most, len(b.body)-1, n)
	}
}

// Of a block with another header nothing is hashed, and of one that is longer than its
// header says, no more than that. The verdict is the same.
func TestBodyHasherStops(t *testing.T) {
	wanted := tinyItems(t, 25_000)
	for name, raw := range map[string]RawBlock{
		"another header": tinyItems(t, 500_000).Raw,
		"header that is too long": func() RawBlock {
			raw := bytes.Clone(wanted.Raw)
			return slices.Concat(raw[:wrapperSize+1], cbor.AppendBytes(nil, make([]byte, 1_000_000)), raw[wrapperSize+1:])
		}(),
	} {
		h, c := counted()
		pieces(h, raw, &wanted.Header)
		if c.writes > 0 || h.seen > max(wanted.Header.BlockSize(), len(wanted.Header.Raw.Bytes)+12288) || h.stage != stopped {
			t.Errorf("%s: %d writes, looked at %d bytes", name, c.writes, h.seen)
		}
	}
	long := slices.Concat(wanted.Raw[:len(wanted.Raw)-len(wanted.body)], cbor.AppendArray(nil, 1_000_000), make([]byte, 1_000_000), []byte{0x80, 0xa0, 0x80})
	b, err := Preview.ParseBlock(long)
	if err != nil {
		t.Fatal(err)
	}
	h, c := counted()
	if pieces(h, long, &wanted.Header); c.bytes > len(wanted.body) || c.bytes < len(wanted.body)/2 || h.stage != stopped {
		t.Errorf("%d bytes are hashed of a body that should have %d", c.bytes, len(wanted.body))
	}
	if got, want := h.Check(b), b.CheckBody(); got == nil || got.Error() != want.Error() {
		t.Errorf("%v, want %v", got, want)
	}
}

// What is known counts for the very bytes only that it is of.
func TestKnownHashes(t *testing.T) {
	body := []byte("0123456789")
	other := Hash{1}
	for _, tt := range []struct {
		name       string
		start, end int
		known      bool
	}{
		{"the bytes", 2, 6, true},
		{"more of them", 2, 7, false},
		{"fewer", 2, 5, false},
		{"from a later one on", 3, 6, false},
		{"from an earlier one on", 1, 6, false},
	} {
		h, _ := counted()
		h.parts[0], h.part = hashed{2, 6, other}, 1
		want := sum256(body[tt.start:tt.end])
		if tt.known {
			want = other
		}
		if got := h.sum(tt.start, tt.end, body[tt.start:tt.end]); got != want {
			t.Errorf("%s of a part: %v, want %v", tt.name, got, want)
		}
	}
	for _, tt := range []struct{ start, end int }{{2, 8}, {2, 6}, {2, 5}, {3, 8}, {1, 8}} {
		h, c := counted()
		h.parts[0] = hashed{start: 2, end: 6}
		h.state.Write(body[2:6])
		c.bytes = 0
		part := body[tt.start:tt.end]
		if got := h.sum(tt.start, tt.end, part); got != sum256(part) {
			t.Errorf("%d to %d after 2 to 6: %v", tt.start, tt.end, got)
		}
		if tt.start == 2 && tt.end >= 6 && c.bytes != tt.end-6 {
			t.Errorf("%d to %d after 2 to 6: %d bytes are hashed", tt.start, tt.end, c.bytes)
		}
	}
}

// BenchmarkTinyItems checks a body of 90,000 items of one byte, as many as a block of the
// public networks has room for.
func BenchmarkTinyItems(b *testing.B) {
	block := tinyItems(b, 45_000)
	var h BodyHasher
	b.Run("in pieces", func(b *testing.B) {
		for b.Loop() {
			pieces(&h, block.Raw, &block.Header)
			if err := h.Check(block); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("at once", func(b *testing.B) {
		for b.Loop() {
			if err := block.CheckBody(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
