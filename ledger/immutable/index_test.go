package immutable

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
)

func TestEntryRoundTrip(t *testing.T) {
	e := entry{1, 3, 853, 0xdeadbeef, ledger.Hash{1, 31: 2}, 345594}
	b := e.append(nil)
	if len(b) != entrySize || decodeEntry(b) != e {
		t.Errorf("%+v became % x and %+v", e, b, decodeEntry(b))
	}
}

func TestPrimary(t *testing.T) {
	entries := entry{slot: 50}.append(nil) // boundary block
	entries = entry{slot: 5001}.append(entries)
	entries = entry{slot: 5003}.append(entries)
	x := &index{chunk: 50, start: 5000, ebb: true, raw: entries}
	file, offsets := x.primary()
	want := []byte{1, 0, 0, 0, 0, 0, 0, 0, 56, 0, 0, 0, 56, 0, 0, 0, 112, 0, 0, 0, 112, 0, 0, 0, 168}
	if !bytes.Equal(file, want) || offsets != 6 {
		t.Errorf("primary file is % x with %d offsets", file, offsets)
	}
}

// Limits of what an entry can say.
func TestIndexLimits(t *testing.T) {
	for _, test := range []struct {
		e    entry
		end  int64
		want string
	}{
		{entry{0, 3, 97, 1, ledger.Hash{1}, 20}, 100, ""}, // nothing but a header
		{entry{0, 3, 98, 1, ledger.Hash{1}, 20}, 100, "header ends at byte 101 of a block of 100"},
		{entry{0, 3, 0, 1, ledger.Hash{1}, 20}, 100, "header ends at byte 3 of a block of 100"},
		{entry{0, 3, 97, 1, ledger.Hash{1}, 20}, 0, "block offset 0 is beyond the end of the chunk file (0)"},
		{entry{0, 3, 97, 1, ledger.Hash{1}, 29}, 100, ""},
		{entry{0, 3, 97, 1, ledger.Hash{1}, 19}, 100, "slot 19 is not in chunk 2, which has 10 slots from 20"},
		{entry{0, 3, 97, 1, ledger.Hash{1}, 30}, 100, "slot 30 is not in chunk 2, which has 10 slots from 20"},
		{entry{1, 3, 97, 1, ledger.Hash{1}, 20}, 101, "block offset 1 does not follow 0"},
		{entry{0, 3, 97, 1, ledger.Hash{1}, 20}, maxBlock, ""},
		{entry{0, 3, 97, 1, ledger.Hash{1}, 20}, maxBlock + 1, "block of 2500001 bytes, at most 2500000 are possible"},
	} {
		x := &index{chunk: 2, start: 20, raw: test.e.append(nil), end: test.end}
		bad := x.check(10)
		if (bad == nil) != (test.want == "") || bad != nil && *bad != (indexError{0, test.want, strings.HasPrefix(test.want, "slot")}) {
			t.Errorf("%+v, end %d: %+v, want %q", test.e, test.end, bad, test.want)
		}
	}
}

// The error about an entry that does not fit the one before it has its own place.
func TestIndexOrder(t *testing.T) {
	at := func(offset, slot uint64) entry { return entry{offset, 3, 5, 1, ledger.Hash{1}, slot} }
	for _, test := range []struct {
		ebb     bool
		entries []entry
		want    *indexError
	}{
		{false, []entry{at(0, 20), at(10, 21)}, nil},
		{true, []entry{at(0, 2), at(10, 20), at(20, 21)}, nil},
		{true, []entry{at(0, 20), at(10, 20)}, &indexError{0, "boundary block of epoch 20 in chunk 2", false}},
		{false, []entry{at(0, 20), at(10, 20)}, &indexError{entrySize, "slot 20 does not follow the one before", false}},
		{false, []entry{at(0, 22), at(10, 21)}, &indexError{entrySize, "slot 21 does not follow the one before", false}},
		{true, []entry{at(0, 2), at(10, 22), at(20, 21)}, &indexError{2 * entrySize, "slot 21 does not follow the one before", false}},
		{false, []entry{at(0, 20), at(0, 21)}, &indexError{entrySize, "block offset 0 does not follow 0", false}},
		{false, []entry{at(0, 20), at(20, 21), at(10, 22)}, &indexError{2 * entrySize, "block offset 10 does not follow 20", false}},
		{false, []entry{at(0, 20), at(100, 21)}, &indexError{entrySize, "block offset 100 is beyond the end of the chunk file (100)", false}},
		{false, []entry{at(0, 20), at(93, 21)}, &indexError{entrySize, "header ends at byte 8 of a block of 7", false}},
		{false, []entry{at(0, 20), at(92, 21)}, nil},
		{false, []entry{at(0, 20), at(7, 21)}, &indexError{0, "header ends at byte 8 of a block of 7", false}},
	} {
		x := &index{chunk: 2, start: 20, ebb: test.ebb, end: 100}
		for _, e := range test.entries {
			x.raw = e.append(x.raw)
		}
		if bad := x.check(10); (bad == nil) != (test.want == nil) || bad != nil && *bad != *test.want {
			t.Errorf("%v: %+v, want %+v", test.entries, bad, test.want)
		}
	}
}

// A header has a place in the files if it ends within the block.
func TestNewEntryLimits(t *testing.T) {
	for size, ok := range map[int]bool{0: true, 5: true, 6: false, 7: false, 1 << 16: false} {
		b := ledger.Block{Raw: ledger.RawBlock{0x82, 0, 0x80, 0, 0, 0, 0, 0}} // the header is at byte 3
		b.Header.Raw.Bytes = make([]byte, size)
		if e, err := newEntry(b); (err == nil) != ok || ok && (e.headerOffset != 3 || int(e.headerSize) != size) {
			t.Errorf("header of %d bytes: %+v, %v", size, e, err)
		}
	}
	for size, ok := range map[int]bool{maxBlock: true, maxBlock + 1: false} {
		b := ledger.Block{Raw: append(ledger.RawBlock{0x82, 0, 0x80}, make([]byte, size-3)...)}
		if _, err := newEntry(b); (err == nil) != ok {
			t.Errorf("block of %d bytes: %v", size, err)
		}
	}
	b := ledger.Block{Raw: append(ledger.RawBlock{0x82, 0, 0x80}, make([]byte, 1<<17)...)}
	for size, ok := range map[int]bool{1<<16 - 1: true, 1 << 16: false} {
		b.Header.Raw.Bytes = make([]byte, size)
		if _, err := newEntry(b); (err == nil) != ok {
			t.Errorf("header of %d bytes: %v", size, err)
		}
	}
}

// Where the last block ends is what its bytes say: in the file, later than that,
// or nowhere.
func TestBlockEnd(t *testing.T) {
	f := folder{dir: "dir", slots: 10, disk: disk.OS}
	text := func(length int) []byte { // a byte string of this length in all
		return append([]byte{0x5a, 0, byte((length - 5) >> 16), byte((length - 5) >> 8), byte(length - 5)}, make([]byte, length-5)...)
	}
	r := cbor.NewReader([]byte{0xff, 0})
	r.Raw()
	notCBOR := r.Err()
	for _, test := range []struct {
		file    []byte
		want    int64
		damaged string
	}{
		{text(10), 10, ""},
		{append(text(10), 1, 2, 3), 10, ""},
		{text(10)[:9], 0, ""},
		{text(1 << 16), 1 << 16, ""},
		{text(1<<16 + 1), 1<<16 + 1, ""},
		{text(1<<16 + 1)[:1<<16], 0, ""},
		{append(text(1<<20), 1), 1 << 20, ""},
		{text(maxBlock), maxBlock, ""},
		{append(text(maxBlock), 1), maxBlock, ""},
		{text(maxBlock + 1), 0, "block of more than 2500000 bytes"},
		{text(maxBlock + 1)[:maxBlock], 0, ""},
		{[]byte{0xff, 0}, 0, "not a block: " + notCBOR.Error()},
	} {
		file := append([]byte("xx"), test.file...)
		got, err := f.blockEnd(bytes.NewReader(file), 1, 2, int64(len(file)))
		if want := test.want; want > 0 && got != want+2 || want == 0 && got != 0 || (err != nil) != (test.damaged != "") {
			t.Errorf("%d bytes, % x...: ends at %d, %v; want %d", len(test.file), test.file[:2], got, err, want)
		}
		if test.damaged != "" {
			if damage := wantDamage(t, err, f.name(1, chunkFile)); damage.Offset != 2 || damage.Reason != test.damaged {
				t.Errorf("%d bytes, % x...: %v, want %q at 2", len(test.file), test.file[:2], err, test.damaged)
			}
		}
		// The file is shorter than it was.
		if got, err := f.blockEnd(bytes.NewReader(file), 1, 2, int64(len(file)+1)); len(file) < maxBlock && test.want == 0 && test.damaged == "" && (got != 0 || err != nil) {
			t.Errorf("%d bytes, % x..., one less than there were: %d, %v", len(test.file), test.file[:2], got, err)
		}
	}
}

// What check lets pass can be used without a panic or a large allocation.
func FuzzIndex(f *testing.F) {
	x := entry{0, 3, 800, 1, ledger.Hash{1}, 4320}.append(nil)
	f.Add(x, int64(900), uint64(1), false)
	x = entry{900, 3, 800, 1, ledger.Hash{2}, 4330}.append(x)
	f.Add(x, int64(1800), uint64(1), false)
	f.Add(entry{0, 3, 80, 1, ledger.Hash{1}, 1}.append(nil), int64(1800), uint64(1), true)
	f.Fuzz(func(t *testing.T, raw []byte, end int64, chunk uint64, ebb bool) {
		const slots = 4320
		if end < 0 {
			return
		}
		chunk %= 1 << 32
		x := &index{chunk: chunk, start: ledger.Slot(chunk * slots), ebb: ebb,
			raw: raw[:len(raw)/entrySize*entrySize], end: end}
		if bad := x.check(slots); bad != nil {
			if bad.reason == "" || bad.offset >= int64(len(raw)) {
				t.Fatalf("error at %d of %d: %q", bad.offset, len(raw), bad.reason)
			}
			return
		}
		last := int64(0)
		for i := range x.len() {
			offset, size := x.place(i)
			if offset != last || size <= 0 || size > maxBlock || offset+size > end {
				t.Fatalf("block %d: %d bytes at %d", i, size, offset)
			}
			last = offset + size
			if got, ok := x.find(x.point(i)); !ok || x.point(got) != x.point(i) {
				t.Fatalf("block %d found at %d", i, got)
			}
			if slot := x.relativeSlot(i); slot > slots {
				t.Fatalf("block %d in relative slot %d", i, slot)
			}
		}
		if file, offsets := x.primary(); int64(len(file)) != primaryOffset(offsets) || offsets > slots+2 {
			t.Fatalf("primary file of %d bytes, %d offsets", len(file), offsets)
		}
	})
}
