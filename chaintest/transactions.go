package chaintest

import (
	"math/rand/v2"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// transactions are the parts of a block body without their heads.
type transactions struct {
	n, aux, invalid              int
	bodies, witnesses, auxiliary []byte
	invalidTxs                   []byte
	whole                        []byte // from Dijkstra on: all parts of one after the other
}

func (t *transactions) size() int {
	return len(t.bodies) + len(t.witnesses) + len(t.auxiliary) + len(t.invalidTxs)
}

// Sizes in bytes.
const (
	maxTxSize     = 16384 // of the public networks
	maxBodySize   = 90112 // mainnet's (points-headers-blocks, 10)
	plainTx       = 350   // about what the smallest one here has
	emptyPraos    = 880   // about what a block without transactions has
	emptyTPraos   = 1030
	metadataChunk = 64 // longest byte string of metadata
)

// transactions makes transactions until the block has its size.
func (g *Generator) transactions(source *rand.ChaCha8, r *rand.Rand, era ledger.Era) *transactions {
	t := &transactions{}
	target := g.config.BlockSize - emptyPraos
	if era < ledger.Babbage {
		target = g.config.BlockSize - emptyTPraos
	}
	if g.config.BlockSize == 0 {
		target = mixedSize(r)
	}
	if target > 0 {
		t.bodies = make([]byte, 0, target)
		t.auxiliary = make([]byte, 0, target+target/8)
	}
	for left := target; left > plainTx/2; left = target - t.size() {
		size := min(left, plainTx+r.IntN(8)*r.IntN(8)*r.IntN(maxTxSize/49))
		if left-size < plainTx { // no room for another one
			size = min(left, maxTxSize)
		}
		t.add(source, r, era, size)
	}
	return t
}

// mixedSize draws a body size in bytes: most blocks small, some empty, some
// full.
func mixedSize(r *rand.Rand) int {
	switch r.IntN(8) {
	case 0:
		return 0
	case 1:
		return maxBodySize - r.IntN(4096)
	}
	return r.IntN(8 + r.IntN(40000))
}

// add adds a transaction of about size bytes; metadata makes it that large.
func (t *transactions) add(source *rand.ChaCha8, r *rand.Rand, era ledger.Era, size int) {
	before, body, witnesses := t.size(), len(t.bodies), len(t.witnesses)
	b := cbor.AppendMap(t.bodies, 4)
	b = cbor.AppendUint(b, 0) // inputs
	b = appendSet(b, era, 1)
	b = cbor.AppendArray(b, 2)
	b = appendRandom(b, source, len(ledger.Hash{}))
	b = cbor.AppendUint(b, r.Uint64N(4))
	b = cbor.AppendUint(b, 1) // outputs
	b = cbor.AppendArray(b, 2)
	for range 2 {
		b = cbor.AppendArray(b, 2)
		b = appendRandom(b, source, addressSize)
		b = cbor.AppendUint(b, 1_000_000+r.Uint64N(1<<36)) // lovelace
	}
	b = cbor.AppendUint(b, 2) // fee
	b = cbor.AppendUint(b, 170_000+r.Uint64N(1<<20))
	b = cbor.AppendUint(b, 3) // last valid slot
	t.bodies = cbor.AppendUint(b, r.Uint64N(1<<30))

	w := cbor.AppendMap(t.witnesses, 1)
	w = cbor.AppendUint(w, 0) // keys with signatures
	w = appendSet(w, era, 1)
	w = cbor.AppendArray(w, 2)
	w = appendRandom(w, source, len(ledger.Hash{}))
	t.witnesses = appendRandom(w, source, ed25519Size)

	if era >= ledger.Alonzo && r.IntN(100) == 0 {
		t.invalidTxs = cbor.AppendUint(t.invalidTxs, uint64(t.n))
		t.invalid++
	}
	metadata := cbor.AppendNull(nil)
	if rest := size - (t.size() - before); rest > metadataChunk {
		t.auxiliary = cbor.AppendUint(t.auxiliary, uint64(t.n))
		start := len(t.auxiliary)
		t.auxiliary = appendMetadata(t.auxiliary, source, rest)
		metadata = t.auxiliary[start:]
		t.aux++
	}
	if era >= ledger.Dijkstra {
		t.whole = cbor.AppendArray(t.whole, 3)
		t.whole = append(t.whole, t.bodies[body:]...)
		t.whole = append(t.whole, t.witnesses[witnesses:]...)
		t.whole = append(t.whole, metadata...)
	}
	t.n++
}

// addressSize is the length of an address with payment and stake parts.
const addressSize = 57

// appendMetadata appends {674: [bytes...]} of about size bytes.
func appendMetadata(dst []byte, source *rand.ChaCha8, size int) []byte {
	dst = cbor.AppendMap(dst, 1)
	dst = cbor.AppendUint(dst, 674)
	chunks := size / (metadataChunk + 2)
	dst = cbor.AppendArray(dst, chunks)
	for range chunks {
		dst = appendRandom(dst, source, metadataChunk)
	}
	return dst
}

// appendSet appends the head of a set of n; from Conway on it has a tag.
func appendSet(dst []byte, era ledger.Era, n int) []byte {
	if era >= ledger.Conway {
		dst = cbor.AppendTag(dst, 258)
	}
	return cbor.AppendArray(dst, n)
}

// parts returns the parts of the block after the header.
func (t *transactions) parts(era ledger.Era) [][]byte {
	if era >= ledger.Dijkstra {
		return [][]byte{t.dijkstraBody()}
	}
	parts := [][]byte{
		container(t.n, 0x80, t.bodies),
		container(t.n, 0x80, t.witnesses),
		container(t.aux, 0xa0, t.auxiliary),
	}
	if era >= ledger.Alonzo {
		parts = append(parts, container(t.invalid, 0x80, t.invalidTxs))
	}
	return parts
}

// dijkstraBody returns Dijkstra's body, without certificates.
// (next-era, 1)
func (t *transactions) dijkstraBody() []byte {
	b := cbor.AppendArray(nil, 4)
	if t.invalid == 0 {
		b = cbor.AppendNull(b)
	} else {
		b = cbor.AppendTag(b, 258)
		b = append(b, container(t.invalid, 0x80, t.invalidTxs)...)
	}
	b = append(b, container(t.n, 0x80, t.whole)...)
	return cbor.AppendNull(cbor.AppendNull(b))
}

// container puts a head before the items of an array (0x80) or map (0xa0). As
// the Haskell node does, it uses indefinite lengths above 23.
// (points-headers-blocks, 5)
func container(n int, major byte, items []byte) []byte {
	b := make([]byte, 0, len(items)+2)
	if n <= 23 {
		return append(append(b, major|byte(n)), items...)
	}
	b = append(append(b, major|31), items...)
	return cbor.AppendBreak(b)
}
