package ledger

import (
	"maps"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/testenv"
)

// BenchmarkCheckByronBody checks the regular Byron blocks of Mainnet at hand,
// one after the other.
func BenchmarkCheckByronBody(b *testing.B) {
	var blocks []Block
	size := 0
	all := testenv.Blocks(b, "mainnet-blocks")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		block, err := Mainnet.ParseBlock(all[name])
		if err != nil {
			b.Fatal(err)
		}
		if h := block.Header.Raw; h.Era == Byron && !h.EBB {
			blocks = append(blocks, block)
			size += len(block.Raw)
		}
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, block := range blocks {
			if err := block.CheckBody(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkParseByronHeader parses a regular header of Mainnet.
func BenchmarkParseByronHeader(b *testing.B) {
	block, err := Mainnet.ParseBlock(testenv.Blocks(b, "mainnet-blocks")["byron1"])
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(block.Header.Raw.Bytes)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Mainnet.ParseHeader(block.Header.Raw); err != nil {
			b.Fatal(err)
		}
	}
}
