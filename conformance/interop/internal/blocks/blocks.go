// Package blocks makes Conway-shaped chains that both stacks accept: the links,
// body hashes and body sizes are right, the transactions have the shape of
// real ones, keys, proofs and signatures are filler.
package blocks

import (
	"encoding/binary"
	"math/rand/v2"

	"golang.org/x/crypto/blake2b"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// Conway returns a chain of n blocks from the first block on, each of about
// size bytes (at least a kilobyte), the same for the same arguments.
func Conway(n, size int) []ledger.RawBlock {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(size)))
	out := make([]ledger.RawBlock, n)
	var prev []byte
	for i := range out {
		out[i], prev = block(rng, uint64(i), uint64(i)*20+1, prev, size)
	}
	return out
}

const (
	headerSize = 870 // about what the header takes
	txSize     = 291 // about what a transaction takes
)

func block(rng *rand.Rand, no, slot uint64, prev []byte, size int) (raw ledger.RawBlock, hash []byte) {
	body, bodyHash := body(rng, max(0, (size-headerSize)/txSize))

	b := cbor.AppendArray(nil, 10)
	b = cbor.AppendUint(b, no)
	b = cbor.AppendUint(b, slot)
	if prev == nil {
		b = cbor.AppendNull(b)
	} else {
		b = cbor.AppendBytes(b, prev)
	}
	b = cbor.AppendBytes(b, filler(rng, 32)) // issuer
	b = cbor.AppendBytes(b, filler(rng, 32)) // VRF key
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendBytes(b, filler(rng, 64)) // VRF output
	b = cbor.AppendBytes(b, filler(rng, 80)) // VRF proof
	b = cbor.AppendUint(b, uint64(len(body)))
	b = cbor.AppendBytes(b, bodyHash)
	b = cbor.AppendArray(b, 4)
	b = cbor.AppendBytes(b, filler(rng, 32)) // KES key
	b = cbor.AppendUint(b, 7)
	b = cbor.AppendUint(b, 300)
	b = cbor.AppendBytes(b, filler(rng, 64))
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendUint(b, 10)
	b = cbor.AppendUint(b, 2)

	header := cbor.AppendArray(nil, 2)
	header = append(header, b...)
	header = cbor.AppendBytes(header, filler(rng, 448))
	sum := blake2b.Sum256(header)

	raw = cbor.AppendArray(nil, 2)
	raw = cbor.AppendUint(raw, ledger.Conway.BlockTag())
	raw = cbor.AppendArray(raw, 5)
	raw = append(raw, header...)
	raw = append(raw, body...)
	return raw, sum[:]
}

// body returns the four segments after the header and their combined hash.
// (points-headers-blocks, 9)
func body(rng *rand.Rand, txs int) (b, hash []byte) {
	bodies := cbor.AppendArray(nil, txs)
	witnesses := cbor.AppendArray(nil, txs)
	for range txs {
		bodies = appendTxBody(bodies, rng)
		witnesses = cbor.AppendMap(witnesses, 1)
		witnesses = cbor.AppendUint(witnesses, 0)
		witnesses = cbor.AppendArray(witnesses, 1)
		witnesses = cbor.AppendArray(witnesses, 2)
		witnesses = cbor.AppendBytes(witnesses, filler(rng, 32))
		witnesses = cbor.AppendBytes(witnesses, filler(rng, 64))
	}
	var hashes []byte
	for _, s := range [][]byte{bodies, witnesses, cbor.AppendMap(nil, 0), cbor.AppendArray(nil, 0)} {
		sum := blake2b.Sum256(s)
		hashes = append(hashes, sum[:]...)
		b = append(b, s...)
	}
	sum := blake2b.Sum256(hashes)
	return b, sum[:]
}

// appendTxBody appends a payment: two inputs, two outputs, fee and expiry.
func appendTxBody(b []byte, rng *rand.Rand) []byte {
	b = cbor.AppendMap(b, 4)
	b = cbor.AppendUint(b, 0)
	b = cbor.AppendArray(b, 1)
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendBytes(b, filler(rng, 32))
	b = cbor.AppendUint(b, 1)
	b = cbor.AppendUint(b, 1)
	b = cbor.AppendArray(b, 2)
	for range 2 {
		b = cbor.AppendMap(b, 2)
		b = cbor.AppendUint(b, 0)
		address := filler(rng, 57)
		address[0] = 0 // a base address of a test network
		b = cbor.AppendBytes(b, address)
		b = cbor.AppendUint(b, 1)
		b = cbor.AppendUint(b, 1_500_000+rng.Uint64N(1<<32))
	}
	b = cbor.AppendUint(b, 2)
	b = cbor.AppendUint(b, 170_000)
	b = cbor.AppendUint(b, 3)
	return cbor.AppendUint(b, 100_000_000)
}

func filler(rng *rand.Rand, n int) []byte {
	b := make([]byte, n+8)
	for i := 0; i < n; i += 8 {
		binary.LittleEndian.PutUint64(b[i:], rng.Uint64())
	}
	return b[:n]
}
