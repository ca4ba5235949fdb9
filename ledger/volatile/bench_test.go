package volatile_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/volatile"
)

func benchOptions() volatile.Options { return volatile.Options{Network: chaintest.Network()} }

func benchBlocks(n, size int) []ledger.Block {
	return chaintest.NewGenerator(chaintest.Config{Seed: 1, BlockSize: size}).Blocks(n)
}

// BenchmarkPut puts blocks of 20 kB, with a sync after each as at the tip, and after
// fifty as when far behind.
func BenchmarkPut(b *testing.B) {
	blocks := benchBlocks(1000, 20_000)
	for name, every := range map[string]int{"sync=each": 1, "sync=50": 50, "sync=none": 1 << 30} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(20_000)
			var db *volatile.DB
			for i := 0; b.Loop(); i++ {
				if i%len(blocks) == 0 {
					if db != nil {
						db.Close()
					}
					db = open(b, filepath.Join(b.TempDir(), "volatile"), benchOptions())
				}
				put(b, db, blocks[i%len(blocks)])
				if i%every == every-1 {
					if err := db.Sync(); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	blocks := benchBlocks(100, 20_000)
	db := open(b, b.TempDir(), benchOptions())
	put(b, db, blocks...)
	b.ReportAllocs()
	b.SetBytes(20_000)
	for i := 0; b.Loop(); i++ {
		if _, err := db.Get(blocks[i%len(blocks)].Header.Point()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen opens a folder of 2,160 blocks of 20 kB, all of which it reads and
// checks.
func BenchmarkOpen(b *testing.B) {
	blocks := benchBlocks(2160, 20_000)
	dir := b.TempDir()
	put(b, open(b, dir, benchOptions()), blocks...)
	b.ReportAllocs()
	b.SetBytes(2160 * 20_000)
	for b.Loop() {
		o := benchOptions()
		o.ReadOnly = true
		db, err := volatile.Open(dir, o)
		if err != nil {
			b.Fatal(err)
		}
		db.Close()
	}
}

// What is kept of a block in memory is as the package comment says.
func TestMemory(t *testing.T) {
	const n = 6000
	gen := chaintest.NewGenerator(chaintest.Config{Seed: 1, BlockSize: 1000})
	db := open(t, t.TempDir(), benchOptions())
	measure := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := measure()
	for range n {
		put(t, db, gen.Next())
	}
	after := measure()
	runtime.KeepAlive(gen)
	if got := (int64(after) - int64(before)) / n; got > 200 {
		t.Errorf("%d bytes a block", got)
	} else {
		t.Logf("%d bytes a block", got)
	}
}
