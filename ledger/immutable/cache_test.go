package immutable

import (
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
)

// Memory for indexes is bounded in bytes: those used last are kept, and of all others
// what is needed to read a part of them.
func TestIndexesAreForgotten(t *testing.T) {
	var c cache
	put := func(chunk uint64, entries int) {
		c.put(&index{chunk: chunk, raw: make([]byte, entries*entrySize)})
		if bytes := len(c.items) * minCached; c.bytes > cacheBytes || bytes > cacheBytes {
			t.Fatalf("%d indexes of %d bytes", len(c.items), c.bytes)
		}
	}
	const byron = 21600 // of which 8 fit
	for chunk := range uint64(12) {
		put(chunk, byron)
		c.get(1)
	}
	for chunk, kept := range map[uint64]bool{1: true, 11: true, 5: true, 4: false, 0: false} {
		if x := c.get(chunk); (x != nil) != kept {
			t.Errorf("chunk %d: %v", chunk, x)
		}
		if s, ok := c.shape(chunk); !ok || s.entries != byron {
			t.Errorf("shape of chunk %d: %v, %v", chunk, s, ok)
		}
	}
	for chunk := range uint64(5000) {
		put(100+chunk, 0)
	}
	if n := len(c.items); n != cacheBytes/minCached || c.order.Len() != n {
		t.Errorf("%d small ones are kept", n)
	}
	put(5099, 0)
	if c.order.Len() != len(c.items) {
		t.Error("one is kept twice")
	}
}

// A reader in a chunk with a large index that was forgotten reads the entries that it
// needs, and does not check the chunk again; a small index is read as a whole.
func TestForgottenIndex(t *testing.T) {
	network := chaintest.Network()
	network.Eras[ledger.Byron].EpochLength = 60_000
	g := chaintest.NewGenerator(chaintest.Config{BlockSize: 1, Network: network})
	db, err := OpenAppend(t.TempDir(), Options{Network: network})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var stored []ledger.Block
	for db.chunkOf(db.Tip().Point.Slot) < 1 {
		stored = append(stored, g.Next())
		if err := db.Append(stored[len(stored)-1]); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ at, n, secondary int }{
		{700, 100, 129 * entrySize},
		{0, 10, 130 * entrySize},
		{2000, 500, 4 * 130 * entrySize},
		{len(stored) - 21, 20, 22 * entrySize},
	} {
		for chunk := range db.cache.items {
			if len(db.cache.get(chunk).raw) <= wholeIndex {
				t.Fatalf("chunk %d has only %d entries", chunk, db.cache.get(chunk).len())
			}
		}
		clear(db.cache.items)
		db.cache.bytes = 0
		db.cache.order.Init()
		n := count(db)
		taken := 0
		for raw, err := range walk(db, place{0, test.at}, place{0, test.at + test.n - 1}, maxAhead, blocks) {
			if err != nil || string(raw) != string(stored[test.at+taken].Raw) {
				t.Fatalf("block %d: %v", test.at+taken, err)
			}
			taken++
		}
		if taken != test.n || n.bytes[secondaryFile] > 4*entrySize+test.secondary || n.opens[primaryFile] > 0 {
			t.Errorf("%d blocks from %d on: %v bytes, %v opened", taken, test.at, n.bytes, n.opens)
		}
	}
}
