package ledger

import (
	"bytes"
	"testing"
)

// benchBlock returns the largest block of a real chain.
func benchBlock(b *testing.B) RawBlock {
	b.Helper()
	var largest RawBlock
	for _, stored := range readChunks(b, "preview-immutable-late", 0) {
		if len(stored.raw) > len(largest) {
			largest = stored.raw
		}
	}
	return largest
}

func BenchmarkParseHeader(b *testing.B) {
	raw, err := benchBlock(b).Header()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw.Bytes)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Preview.ParseHeader(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBlockNo(b *testing.B) {
	raw, err := benchBlock(b).Header()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := raw.BlockNo(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseBlock(b *testing.B) {
	raw := benchBlock(b)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Preview.ParseBlock(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParseBlockOf is with a header that chain-sync brought before.
func BenchmarkParseBlockOf(b *testing.B) {
	raw := benchBlock(b)
	block, err := Preview.ParseBlock(raw)
	if err != nil {
		b.Fatal(err)
	}
	known := block.Header
	known.Raw.Bytes = bytes.Clone(known.Raw.Bytes)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Preview.ParseBlockOf(&known, raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheckBody(b *testing.B) {
	raw := benchBlock(b)
	block, err := Preview.ParseBlock(raw)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if err := block.CheckBody(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTxs(b *testing.B) {
	raw := benchBlock(b)
	block, err := Preview.ParseBlock(raw)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := block.Txs(); err != nil {
			b.Fatal(err)
		}
	}
}
