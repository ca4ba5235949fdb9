package immutable_test

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/fuzz"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// FuzzFolder opens folders of two chunks with anything in them. Reading tells of
// blocks that link, or of damage. Opening for appending leaves a folder that is
// whole, or changes nothing; with resum, the index has the CRC-32 of what is in
// the chunk files, and the primary file of the first chunk says the same, since
// hardly any input would get past that.
func FuzzFolder(f *testing.F) {
	network := smallChunks()
	network.ActiveSlots.Den = 30 // about three blocks in a chunk
	var blocks []ledger.Block
	gen := chaintest.NewGenerator(chaintest.Config{
		Seed: 1, Network: network, BlockSize: 1000,
		Eras: []chaintest.Stretch{{Era: ledger.Byron, Blocks: 3}, {Era: ledger.Conway, Blocks: 3}, {Era: ledger.Dijkstra}},
	})
	for b := gen.Next(); b.Header.Slot < 200; b = gen.Next() {
		blocks = append(blocks, b)
	}
	dir := f.TempDir()
	appendAll(f, dir, network, blocks)
	files := folderFiles(f, dir)
	names := []string{"00000.chunk", "00000.secondary", "00001.chunk", "00001.secondary"}
	f.Add(files[names[0]], files[names[1]], files[names[2]], files[names[3]], false)
	f.Add(files[names[0]], files[names[1]], files[names[2]][:1500], files[names[3]], true)
	f.Add(files[names[0]], files[names[1]], []byte{}, []byte{}, true)
	f.Add([]byte{}, []byte{}, []byte{}, []byte{}, false)
	f.Fuzz(func(t *testing.T, chunk0, secondary0, chunk1, secondary1 []byte, resum bool) {
		if resum {
			secondary0, secondary1 = resummed(chunk0, secondary0), resummed(chunk1, secondary1)
		}
		dir := t.TempDir()
		size := 0
		if resum {
			primary := primaryOf(secondary0, 0, 100, len(chunk0) > 1 && chunk0[1] == 0)
			if err := os.WriteFile(filepath.Join(dir, "00000.primary"), primary, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for i, b := range [][]byte{chunk0, secondary0, chunk1, secondary1} {
			if err := os.WriteFile(filepath.Join(dir, names[i]), b, 0o644); err != nil {
				t.Fatal(err)
			}
			size += len(b)
		}
		fuzz.Bound(t, 8<<20+400*size, func() {
			readAny(t, dir, network, size)
			appendAny(t, dir, network, size)
		})
	})
}

// resummed returns an index whose entries have the right CRC-32 where there is
// something to sum.
func resummed(chunk, secondary []byte) []byte {
	const size = 56
	out := append([]byte(nil), secondary...)
	for at := 0; at+size <= len(out); at += size {
		from, to := binary.BigEndian.Uint64(out[at:]), uint64(len(chunk))
		if at+2*size <= len(out) {
			to = binary.BigEndian.Uint64(out[at+size:])
		}
		if from < to && to <= uint64(len(chunk)) {
			binary.BigEndian.PutUint32(out[at+12:], crc32.ChecksumIEEE(chunk[from:to]))
		}
	}
	return out
}

// readAny reads a folder as far as it goes.
func readAny(t *testing.T, dir string, n ledger.Network, size int) {
	t.Helper()
	damage := func(err error) {
		if !errors.As(err, new(*immutable.DamageError)) && !errors.As(err, new(*immutable.NetworkError)) && !errors.As(err, new(*ledger.UnknownEraError)) {
			t.Errorf("no damage, but %v", err)
		}
	}
	db, err := immutable.Open(dir, immutable.Options{Network: n})
	if err != nil {
		damage(err)
		return
	}
	defer db.Close()
	if db.Tip().Point.IsOrigin() {
		return
	}
	// To look up points leaves no index behind: this one stays as if new.
	fresh, err := immutable.Open(dir, immutable.Options{Network: n})
	if err != nil {
		t.Fatalf("opened once, but not again: %v", err)
	}
	count := 0
	var prev ledger.Point
	for raw, err := range db.BlocksFrom(db.First()) {
		if err != nil {
			damage(err)
			break
		}
		h, err := raw.Header()
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := n.ParseHeader(h)
		if err != nil || count > 0 && !parsed.PrevIs(prev) {
			t.Fatalf("%v after %v: %v", parsed.Point(), prev, err)
		}
		if prev = parsed.Point(); count == 0 && prev != db.First() {
			t.Fatalf("the first block is %v, not %v", prev, db.First())
		}
		if ok, err := fresh.Contains(prev); err != nil || !ok {
			t.Fatalf("%v is read, but not there: %v", prev, err)
		}
		if ok, err := fresh.Contains(ledger.Point{Slot: prev.Slot, Hash: ledger.Hash{1}}); err != nil || ok {
			t.Fatalf("another block is in the slot of %v: %v", prev, err)
		}
		if count++; count > size {
			t.Fatal("more blocks than bytes")
		}
	}
	for slot := range ledger.Slot(200) {
		if _, err := fresh.Contains(ledger.Point{Slot: slot}); err != nil {
			damage(err)
		}
	}
	var last ledger.Point
	for h, err := range db.HeadersFrom(db.First()) {
		if err != nil {
			damage(err)
			return
		}
		if !last.IsOrigin() && !h.PrevIs(last) {
			t.Fatalf("%v after %v", h.Point(), last)
		}
		last = h.Point()
	}
	if last != db.Tip().Point {
		t.Errorf("the last header is %v, the tip %v", last, db.Tip())
	}
}

// appendAny opens a folder for appending.
func appendAny(t *testing.T, dir string, n ledger.Network, size int) {
	t.Helper()
	before := folderFiles(t, dir)
	db, err := immutable.OpenAppend(dir, immutable.Options{Network: n})
	if err != nil {
		if !errors.As(err, new(*immutable.DamageError)) && !errors.As(err, new(*immutable.NetworkError)) && !errors.As(err, new(*ledger.UnknownEraError)) {
			t.Errorf("no damage, but %v", err)
		}
		if after := folderFiles(t, dir); !maps.EqualFunc(before, after, func(a, b []byte) bool { return string(a) == string(b) }) {
			t.Errorf("changed a folder that is refused: %v", err)
		}
		return
	}
	tip := db.Tip()
	if removed := db.Removed(); removed < 0 || removed > int64(size) {
		t.Errorf("removed %d bytes of %d", removed, size)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	after := folderFiles(t, dir)
	again, err := immutable.OpenAppend(dir, immutable.Options{Network: n})
	if err != nil {
		t.Fatalf("opened once, but not again: %v", err)
	}
	if again.Tip() != tip || again.Removed() != 0 {
		t.Errorf("opened again the tip is %v, not %v; removed %d bytes more", again.Tip(), tip, again.Removed())
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(after, folderFiles(t, dir), func(a, b []byte) bool { return string(a) == string(b) }) {
		t.Error("opening again changed files")
	}
	if !tip.Point.IsOrigin() { // else all files are gone
		readAny(t, dir, n, size)
	}
}
