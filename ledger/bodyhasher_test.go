package ledger

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/testenv"
)

// sameVerdict checks that a block that came up to each of cuts, ascending, gets the
// verdict that it gets at once. Bytes that were looked at are overwritten, as those
// of a buffer are.
func sameVerdict(t *testing.T, h *BodyHasher, n Network, raw RawBlock, cuts ...int) {
	t.Helper()
	b, err := n.ParseBlock(raw)
	for _, cut := range cuts {
		begun := bytes.Clone(raw[:cut])
		h.Arrived(begun, &b.Header)
		clear(begun)
	}
	if err != nil {
		h.Reset()
		return
	}
	if got, want := fmt.Sprint(h.Check(b)), fmt.Sprint(b.CheckBody()); got != want {
		t.Fatalf("block %v of %d bytes, cut at %v: %s, want %s", b.Header.Point(), len(raw), cuts, got, want)
	}
}

// cuts draws where a block of n bytes is cut: at a few places, at many, or each
// 1,448 bytes.
func cuts(r *rand.Rand, n int) (at []int) {
	switch r.IntN(3) {
	case 0:
		for range 1 + r.IntN(4) {
			at = append(at, 1+r.IntN(n))
		}
	case 1:
		for range min(n, 200) {
			at = append(at, 1+r.IntN(n))
		}
	default:
		for i := 1448; i < n; i += 1448 {
			at = append(at, i)
		}
	}
	slices.Sort(at)
	return at
}

// mutate changes a block in one of the ways in which a peer could.
func mutate(r *rand.Rand, raw RawBlock) RawBlock {
	b := bytes.Clone(raw)
	at := r.IntN(len(b))
	switch r.IntN(5) {
	case 0:
		b[at] ^= 1 << r.IntN(8)
	case 1:
		b[at] = []byte{0xff, 0x9f, 0xbf, 0x80, 0xa0, 0xf6, 0x5f, 0x1f, 0xd9}[r.IntN(9)]
	case 2:
		b = b[:at]
	case 3:
		b = append(b, b[at:]...)
	default:
		b = slices.Concat(b[:at], b[min(len(b), at+1+r.IntN(8)):])
	}
	return b
}

// Real blocks of all eras, as they are and changed, give the same verdict however
// they are cut.
func TestBodyHasherRealBlocks(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of blocks")
	}
	r := rand.New(rand.NewPCG(8, 11))
	var h BodyHasher
	check := func(n Network, raw RawBlock, changed int) {
		if len(raw) == 0 {
			return
		}
		sameVerdict(t, &h, n, raw, cuts(r, len(raw))...)
		for range changed {
			if b := mutate(r, raw); len(b) > 0 {
				sameVerdict(t, &h, n, b, cuts(r, len(b))...)
			}
		}
	}
	seen := map[Era]int{}
	for folder, n := range map[string]Network{"mainnet-blocks": Mainnet, "testnet-blocks": Preprod} {
		for _, raw := range testenv.Blocks(t, folder) {
			check(n, raw, 50)
			b, _ := n.ParseBlock(raw)
			seen[b.Header.Raw.Era]++
		}
	}
	check(Preview, musashiBlock(), 1000)
	for era := Byron; era <= Conway; era++ {
		if seen[era] == 0 {
			t.Errorf("no block of %v", era)
		}
	}
	for _, f := range []struct {
		name string
		n    Network
	}{{"preview-immutable", Preview}, {"preview-immutable-late", Preview}, {"preprod-chunk-01285", Preprod}} {
		for i, stored := range readChunks(t, f.name, 0) {
			if i%2 == 0 || len(stored.raw) > 2000 {
				check(f.n, stored.raw, i%4/2)
			}
		}
	}
}

// A small block of each era, cut at two places, with other bytes around it, and
// with each byte changed. TestBodyForms has other encodings.
func TestBodyHasherCuts(t *testing.T) {
	if testing.Short() {
		t.Skip("every cut of many blocks")
	}
	r := rand.New(rand.NewPCG(1, 2))
	var h BodyHasher
	for era := Shelley; era <= Dijkstra; era++ {
		raw := shelleyTestBlock(era)
		for first := 1; first < len(raw); first++ {
			for range 20 {
				sameVerdict(t, &h, Preview, raw, first, first+r.IntN(len(raw)-first))
			}
		}
		for at := range len(raw) {
			for range 2 {
				b := bytes.Clone(raw)
				b[at] = byte(r.Uint32())
				sameVerdict(t, &h, Preview, b, cuts(r, len(b))...)
			}
		}
		for _, raw := range []RawBlock{raw, emptyBlock(era)} {
			anyWrapper(t, raw, byte(blockParts(era)))
		}
	}
}

// emptyBlock has no transactions: each part is a byte, and what is one byte off looks
// like another part.
func emptyBlock(era Era) RawBlock {
	body := testBody{era, [][]byte{{0x80}, {0x80}, {0xa0}, {0x80}}}
	if body.parts = body.parts[:blockParts(era)-1]; era >= Dijkstra {
		body.parts[0] = []byte{0x84, 0xf6, 0x80, 0xf6, 0xf6}
	}
	return testBlock(era, testHeader(body, nil), body.parts)
}

// anyWrapper checks a block with other bytes around its parts.
func anyWrapper(t *testing.T, raw RawBlock, parts byte) {
	t.Helper()
	tag, rest := raw[1], raw[3:]
	for _, head := range [][]byte{
		{0x98, 2, tag}, {0x9f, tag}, {0x82, 0x18, tag}, {0x82, tag, 0x98}, {0x82, tag}, {0x82, tag, 0x9f}, {0x82, tag, 0x99, 0},
	} {
		eachByte(t, slices.Concat(head, []byte{parts}, rest))
		eachByte(t, slices.Concat(head, rest))
		eachByte(t, slices.Concat(head, rest, []byte{0xff}))
	}
}

// eachByte checks a block that comes byte by byte, and one that is cut once, at each.
func eachByte(t *testing.T, raw RawBlock) {
	t.Helper()
	var h BodyHasher
	every := make([]int, len(raw))
	for cut := range raw {
		every[cut] = cut + 1
		sameVerdict(t, &h, Preview, raw, cut)
	}
	sameVerdict(t, &h, Preview, raw, every...)
}

// What came before the last bytes is not looked at again: the hasher does not notice
// that it was changed, which nobody may do. Bytes of a string are done with at once, the
// heads in a transaction when its end has come; Dijkstra's are looked at later.
func TestBodyHasherIsEarly(t *testing.T) {
	for era := Shelley; era <= Dijkstra; era++ {
		raw := shelleyTestBlock(era)
		b, err := Preview.ParseBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		var all BodyHasher
		if all.Arrived(raw[:len(raw)-1], &b.Header); all.part != blockParts(era)-2 {
			t.Errorf("%v: %d parts are hashed before the last byte", era, all.part)
		}
		if all.Arrived(append(raw, 0), &b.Header); all.Check(b) != nil {
			t.Errorf("%v: more than the block spoils the verdict", era)
		}
		first := len(raw) - len(b.body) + bytes.Index(b.body, testTxBody(0))
		for _, tt := range []struct{ at, done int }{
			{first + 15, first + 16},
			{first + 2, first + len(testTxBody(0))}, // the string's head
		} {
			if era == Dijkstra && tt.at == first+2 {
				continue
			}
			for cut := range len(raw) {
				var h BodyHasher
				h.Arrived(raw[:cut], &b.Header)
				raw[tt.at] ^= 1
				err := h.Check(b)
				raw[tt.at] ^= 1
				if early := err == nil; early != (cut >= tt.done) {
					t.Fatalf("%v: byte %d of %d, %d came before: %v", era, tt.at, len(raw), cut, err)
				}
				if err := h.Check(b); err != nil {
					t.Fatalf("%v: the next block: %v", era, err)
				}
			}
		}
	}
}

// A body of more maps than are kept, and one that nests deeper than the scanner of
// messages goes.
func TestBodyHasherBounds(t *testing.T) {
	many := cbor.AppendArray(nil, 3*maxMaps)
	many = append(many, bytes.Repeat([]byte{0xa0}, 3*maxMaps)...)
	deep := append([]byte{0x81, 0xa1, 0}, bytes.Repeat([]byte{0x81}, 2*cbor.MaxDepth)...)
	deep = append(deep, 0)
	var h BodyHasher
	for _, parts := range [][][]byte{{many, many, {0xa0}, {0x80}}, {deep, deep, {0xa0}, {0x80}}} {
		body := testBody{Conway, parts}
		raw := testBlock(Conway, testHeader(body, nil), parts)
		b, err := Preview.ParseBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		for cut := len(raw) - len(b.body); cut < len(raw); cut += 7 {
			h.Arrived(raw[:cut], &b.Header)
			if cap(h.maps) > 2*maxMaps {
				t.Fatalf("%d maps are kept", cap(h.maps))
			}
			if err := h.Check(b); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A hasher allocates for its first block only.
func TestBodyHasherAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	var h BodyHasher
	for _, raw := range []RawBlock{shelleyTestBlock(Shelley), shelleyTestBlock(Conway), shelleyTestBlock(Dijkstra)} {
		b, err := Preview.ParseBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		before := testing.AllocsPerRun(100, func() { b.CheckBody() })
		if n := testing.AllocsPerRun(100, func() {
			for cut := range len(raw) {
				h.Arrived(raw[:cut], &b.Header)
			}
			if err := h.Check(b); err != nil {
				t.Fatal(err)
			}
		}); n > before {
			t.Errorf("%v: %v allocations, %v at once", b.Header.Raw.Era, n, before)
		}
	}
}

// FuzzBodyHasher cuts a block at two places.
func FuzzBodyHasher(f *testing.F) {
	for _, raw := range fuzzBlocks() {
		f.Add([]byte(raw), uint16(len(raw)/2), uint16(7))
	}
	f.Fuzz(func(t *testing.T, b []byte, first, second uint16) {
		if len(b) > 0 {
			one := int(first) % len(b)
			sameVerdict(t, new(BodyHasher), Mainnet, b, one, one+int(second)%(len(b)-one))
		}
	})
}

// BenchmarkBodyHasher checks the largest block of a real chain of which all but the
// last 1,024 bytes came before.
func BenchmarkBodyHasher(b *testing.B) {
	raw := benchBlock(b)
	block, err := Preview.ParseBlock(raw)
	if err != nil {
		b.Fatal(err)
	}
	var h BodyHasher
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			for cut := 12288; cut < len(raw); cut += 12288 {
				h.Arrived(raw[:cut], &block.Header)
			}
			if err := h.Check(block); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("last", func(b *testing.B) {
		var saved BodyHasher
		for b.Loop() {
			b.StopTimer()
			saved.Arrived(raw[:len(raw)-1024], &block.Header)
			b.StartTimer()
			if err := saved.Check(block); err != nil {
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
