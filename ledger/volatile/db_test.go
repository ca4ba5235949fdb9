package volatile_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// generated is a chain through all eras, boundary blocks included.
func generated(n int) []ledger.Block {
	return chaintest.NewGenerator(chaintest.Config{
		Seed: 1, Network: chaintest.AllEras(), BlockSize: 1500,
		Eras: []chaintest.Stretch{{Era: ledger.Byron, Blocks: 10}, {Era: ledger.Alonzo, Blocks: 5}, {Era: ledger.Conway, Blocks: 5}, {Era: ledger.Dijkstra}},
	}).Blocks(n)
}

func options(max int) volatile.Options {
	return volatile.Options{Network: chaintest.AllEras(), MaxBlocks: max}
}

func open(tb testing.TB, dir string, o volatile.Options) *volatile.DB {
	tb.Helper()
	db, err := volatile.Open(dir, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

func put(tb testing.TB, db *volatile.DB, blocks ...ledger.Block) {
	tb.Helper()
	for _, b := range blocks {
		if err := db.Put(b); err != nil {
			tb.Fatal(err)
		}
	}
}

func points(blocks []ledger.Block) []ledger.Point {
	var points []ledger.Point
	for _, b := range blocks {
		points = append(points, b.Header.Point())
	}
	return points
}

// has checks that exactly these blocks are there, with their bytes, and that their
// headers come in this order.
func has(tb testing.TB, db *volatile.DB, want ...ledger.Block) {
	tb.Helper()
	i := 0
	for h, err := range db.Headers() {
		if err != nil {
			tb.Fatal(err)
		}
		if i == len(want) {
			tb.Fatalf("more than %d headers: %v", i, h.Point())
		}
		if w := want[i].Header; h.Point() != w.Point() || !bytes.Equal(h.Raw.Bytes, w.Raw.Bytes) || h.Raw.EBB != w.Raw.EBB {
			tb.Fatalf("header %d is %v, want %v", i, h.Point(), w.Point())
		}
		i++
	}
	if i != len(want) {
		tb.Fatalf("%d headers, want %d", i, len(want))
	}
	size := int64(0)
	for _, w := range want {
		b, err := db.Get(w.Header.Point())
		if err != nil {
			tb.Fatal(err)
		}
		if !bytes.Equal(b.Raw, w.Raw) || b.Header.Hash != w.Header.Hash {
			tb.Fatalf("block %v has other bytes", w.Header.Point())
		}
		if err := b.CheckBody(); err != nil {
			tb.Fatal(err)
		}
		size += int64(len(w.Raw))
	}
	if s := db.Size(); s.Blocks != len(want) || s.Bytes != size {
		tb.Fatalf("%d blocks of %d bytes, want %d of %d", s.Blocks, s.Bytes, len(want), size)
	}
}

func names(tb testing.TB, dir string) (names []string) {
	tb.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// What is put can be read, before and after a restart, in files of so many blocks.
func TestPut(t *testing.T) {
	blocks := generated(25)
	dir := filepath.Join(t.TempDir(), "volatile")
	db := open(t, dir, options(10))
	for i, b := range blocks {
		put(t, db, b, b)
		has(t, db, blocks[:i+1]...)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		part := blocks[n*10 : min(n*10+10, len(blocks))]
		var want []byte
		for _, b := range part {
			want = append(want, b.Raw...)
		}
		got, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("blocks-%d.dat", n)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("file %d has %d bytes, want %d: %v", n, len(got), len(want), err)
		}
	}
	again := open(t, dir, options(10))
	has(t, again, blocks...)
	if len(again.Cuts()) != 0 {
		t.Errorf("cut: %v", again.Cuts())
	}
	if _, err := again.Get(ledger.Point{Slot: 1}); !errors.Is(err, volatile.ErrNotFound) {
		t.Errorf("a block that is not there: %v", err)
	}
	// The last file has room for five more, as in cardano-node.
	more := generated(31)[25:]
	put(t, again, more...)
	if got := names(t, dir); len(got) != 4 {
		t.Errorf("files: %v", got)
	}
}

// A file is removed when none of its blocks is left, but not the one that is written.
func TestDrop(t *testing.T) {
	blocks := generated(25)
	dir := t.TempDir()
	db := open(t, dir, options(10))
	put(t, db, blocks...)
	drop := func(blocks ...ledger.Block) {
		t.Helper()
		if err := db.Drop(points(blocks)...); err != nil {
			t.Fatal(err)
		}
	}
	drop(blocks[:9]...)
	has(t, db, blocks[9:]...)
	if got := names(t, dir); len(got) != 3 {
		t.Errorf("files: %v", got)
	}
	put(t, db, blocks[3]) // is still in its file
	has(t, db, append([]ledger.Block{blocks[3]}, blocks[9:]...)...)
	drop(blocks[9], blocks[3])
	has(t, db, blocks[10:]...)
	if got := names(t, dir); !slices.Equal(got, []string{"blocks-1.dat", "blocks-2.dat"}) {
		t.Errorf("files: %v", got)
	}
	put(t, db, blocks[0])
	drop(blocks...)
	drop(blocks...)
	has(t, db)
	if got := names(t, dir); !slices.Equal(got, []string{"blocks-2.dat"}) {
		t.Errorf("files: %v", got)
	}
	if _, err := db.Get(blocks[20].Header.Point()); !errors.Is(err, volatile.ErrNotFound) {
		t.Errorf("dropped: %v", err)
	}
	put(t, db, blocks[20])
	has(t, db, blocks[20])
}
