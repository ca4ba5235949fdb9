package volatile_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/disktest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// small are many small blocks; they need not be a chain.
var small = sync.OnceValue(func() []ledger.Block {
	return chaintest.NewGenerator(chaintest.Config{Seed: 2, Network: chaintest.AllEras(), BlockSize: 1}).Blocks(600)
})

// Random blocks are put, dropped and put again, and the folder is opened again: what is
// there is what a set would have, in no more files and open files than promised.
func TestModel(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 0))
		mem := disktest.New()
		o := options(1 + r.IntN(9))
		o.Disk = mem
		db, err := volatile.Open("d", o)
		if err != nil {
			t.Fatal(err)
		}
		blocks := small()[:100]
		model := make(map[ledger.Point]ledger.Block)
		keep := r.IntN(len(blocks))
		for range 2500 {
			b := blocks[r.IntN(len(blocks))]
			p := b.Header.Point()
			switch n := r.IntN(100); {
			case n < 50 && len(model) <= keep || n < 5:
				put(t, db, b)
				model[p] = b
			case n < 90:
				if err := db.Drop(p); err != nil {
					t.Fatal(err)
				}
				delete(model, p)
			case n < 97:
				if _, err := db.Get(p); errors.Is(err, volatile.ErrNotFound) == db.Has(p) {
					t.Fatalf("Get: %v, Has: %t", err, db.Has(p))
				}
			case n < 99:
				if err := db.Sync(); err != nil {
					t.Fatal(err)
				}
			default:
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				if now, _ := mem.OpenFiles(); now != 0 {
					t.Fatalf("%d files are open after Close", now)
				}
				if db, err = volatile.Open("d", o); err != nil || len(db.Cuts()) > 0 {
					t.Fatalf("opened again: %v, cut %v", err, db.Cuts())
				}
				for h, err := range db.Headers() { // what was dropped may be there again
					if err != nil {
						t.Fatal(err)
					}
					if _, ok := model[h.Point()]; !ok {
						if err := db.Drop(h.Point()); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			if s := db.Size(); s.Blocks != len(model) || s.Files > 2*s.Blocks/o.MaxBlocks+4 {
				t.Fatalf("%d blocks in %d files of %d, want %d blocks", s.Blocks, s.Files, o.MaxBlocks, len(model))
			}
		}
		var want []ledger.Block
		for _, b := range blocks {
			if _, ok := model[b.Header.Point()]; ok {
				want = append(want, b)
			}
		}
		has(t, db, want...)
		if _, most := mem.OpenFiles(); most > 5 { // four, and the folder
			t.Errorf("%d files were open at a time", most)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A peer that has us keep one block of each file cannot have us keep the files.
func TestMerged(t *testing.T) {
	o := options(10)
	mem := disktest.New()
	o.Disk = mem
	db := open(t, "d", o)
	var kept []ledger.Block
	for i, b := range small() {
		put(t, db, b)
		if i%10 == 3 {
			kept = append(kept, b)
		} else if err := db.Drop(b.Header.Point()); err != nil {
			t.Fatal(err)
		}
		if s := db.Size(); s.Files > 2*s.Blocks/10+4 || s.Stored > 10*s.Files {
			t.Fatalf("after %d blocks: %+v", i, s)
		}
	}
	has(t, db, kept...)
}

// Readers find each block until it is dropped, whole, beside a writer that puts,
// drops and merges.
func TestConcurrent(t *testing.T) {
	mem := disktest.New()
	o := options(5)
	o.Disk = mem
	db := open(t, "d", o)
	blocks := small()
	const window = 60
	put(t, db, blocks[:window]...)
	var mu sync.Mutex
	from := 0 // blocks[from:from+window] are there
	done := make(chan struct{})
	var readers sync.WaitGroup
	for i := range 8 {
		readers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 0))
			for {
				select {
				case <-done:
					return
				default:
				}
				mu.Lock()
				b := blocks[from+r.IntN(window)]
				mu.Unlock()
				got, err := db.Get(b.Header.Point())
				mu.Lock()
				kept := slices.ContainsFunc(blocks[from:from+window], func(k ledger.Block) bool { return k.Header.Hash == b.Header.Hash })
				mu.Unlock()
				if err == nil && string(got.Raw) != string(b.Raw) || err != nil && (kept || !errors.Is(err, volatile.ErrNotFound)) {
					t.Errorf("block %v: %v", b.Header.Point(), err)
					return
				}
				if r.IntN(20) == 0 {
					for _, err := range db.Headers() {
						if err != nil {
							t.Error(err)
							return
						}
					}
				}
			}
		})
	}
	for i := window; i < len(blocks); i++ {
		put(t, db, blocks[i])
		mu.Lock()
		from++
		mu.Unlock()
		// Out of order, so that files are merged.
		if i%7 == 0 {
			if err := db.Drop(points(blocks[i-window-min(6, i-window) : i-window+1])...); err != nil {
				t.Fatal(err)
			}
		}
	}
	close(done)
	readers.Wait()
	if _, most := mem.OpenFiles(); most > 5 {
		t.Errorf("%d files were open at a time", most)
	}
}
