package cbor_test

import (
	"bytes"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
)

func BenchmarkScan(b *testing.B) {
	block := cbor.AppendBytes(cbor.AppendTag(cbor.AppendUint(cbor.AppendArray(nil, 2), 4), cbor.TagEncoded), make([]byte, 72_000))
	ids := cbor.AppendArrayIndefinite(nil)
	for range 100 {
		ids = cbor.AppendArray(ids, 2)
		ids = cbor.AppendBytes(ids, make([]byte, 32))
		ids = cbor.AppendUint(ids, 16_384)
	}
	ids = cbor.AppendBreak(ids)
	ints := append(cbor.AppendArray(nil, 4000), bytes.Repeat([]byte{0x01}, 4000)...)
	for _, bench := range []struct {
		name string
		item []byte
	}{{"header", header()}, {"block", block}, {"ids", ids}, {"ints", ints}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bench.item)))
			var s cbor.Scanner
			for b.Loop() {
				if _, done, err := s.Scan(bench.item); !done {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkReader(b *testing.B) {
	msg := header()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readHeader(msg); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	buf := make([]byte, 0, 128)
	hash := make([]byte, 32)
	b.ReportAllocs()
	for b.Loop() {
		buf = cbor.AppendArray(buf[:0], 2)
		buf = cbor.AppendUint(buf, 123_456_789)
		buf = cbor.AppendBytes(buf, hash)
	}
}
