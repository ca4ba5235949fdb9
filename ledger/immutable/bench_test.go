package immutable_test

import (
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

func benchmarkFolder(b *testing.B) (*immutable.DB, []ledger.Block) {
	g := chaintest.NewGenerator(chaintest.Config{BlockSize: 18_000})
	blocks := g.Blocks(1000)
	db := openAppend(b, b.TempDir(), g.Network())
	for _, block := range blocks {
		if err := db.Append(block); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	return db, blocks
}

func BenchmarkBlocks(b *testing.B) {
	db, blocks := benchmarkFolder(b)
	b.SetBytes(int64(len(blocks[0].Raw)))
	for n := 0; n < b.N; {
		for _, err := range db.BlocksAfter(ledger.Origin) {
			if err != nil {
				b.Fatal(err)
			}
			if n++; n == b.N {
				break
			}
		}
	}
}

func BenchmarkHeaders(b *testing.B) {
	db, _ := benchmarkFolder(b)
	for n := 0; n < b.N; {
		for _, err := range db.HeadersAfter(ledger.Origin) {
			if err != nil {
				b.Fatal(err)
			}
			if n++; n == b.N {
				break
			}
		}
	}
}

func BenchmarkBlock(b *testing.B) {
	db, blocks := benchmarkFolder(b)
	for i := range b.N {
		if _, err := db.Block(blocks[i*7919%len(blocks)].Header.Point()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	g := chaintest.NewGenerator(chaintest.Config{BlockSize: 18_000})
	blocks := g.Blocks(2000)
	b.ReportAllocs()
	b.SetBytes(int64(len(blocks[0].Raw)))
	b.ResetTimer()
	for n := 0; n < b.N; {
		b.StopTimer()
		db := openAppend(b, b.TempDir(), g.Network())
		b.StartTimer()
		for _, block := range blocks {
			if err := db.Append(block); err != nil {
				b.Fatal(err)
			}
			if n++; n == b.N {
				break
			}
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
