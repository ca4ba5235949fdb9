package chaintest

import (
	"bytes"
	"context"
	"slices"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// Withhold is a Hooks.Range that never answers: the peer announces blocks and
// keeps them.
func Withhold(ctx context.Context, _ []ledger.Block) []ledger.Block {
	<-ctx.Done()
	return nil
}

// NoBlocks is a Hooks.Range that answers that the blocks are not there.
func NoBlocks(context.Context, []ledger.Block) []ledger.Block { return nil }

// WrongBody is a Hooks.Range that changes the body of the first block, so that it
// does not match its header: a violation, for which [ledger.Block.CheckBody] has
// a *ledger.BodyError. It changes a byte of a transaction; a Byron block or one
// without transactions gets the body of another block.
func WrongBody(_ context.Context, blocks []ledger.Block) []ledger.Block {
	if len(blocks) == 0 {
		return nil
	}
	b := &blocks[0]
	raw := slices.Clone(b.Raw)
	body := bodyStart(*b)
	if at := stringAfter(raw, body); b.Header.Raw.Era > ledger.Byron && at > 0 {
		raw[at] ^= 1
	} else {
		other := unlike(*b)
		raw = append(raw[:body], other.Raw[bodyStart(other):]...)
	}
	b.Raw = raw
	return blocks
}

// bodyStart returns where the body of a block begins in its bytes.
func bodyStart(b ledger.Block) int {
	h := b.Header.Raw.Bytes
	return bytes.Index(b.Raw, h) + len(h)
}

// stringAfter returns the place of a byte in the first byte string at or after
// start, where an item begins; 0 if there is none.
func stringAfter(raw []byte, start int) int {
	for start < len(raw) {
		major, length, n := cbor.Head(raw[start:])
		if major == 2 && length > 0 {
			return start + n
		}
		start += max(n, 1) // the head of an open array has no argument
	}
	return 0
}

// unlike returns a block of b's kind whose body does not fit b's header.
func unlike(b ledger.Block) ledger.Block {
	txs := len(Txs([]ledger.Block{b}))
	for seed := uint64(0); ; seed++ {
		g := NewGenerator(Config{Seed: seed, Eras: []Stretch{{Era: b.Header.Raw.Era}}, BlockSize: 2000})
		for _, other := range g.Blocks(2) { // of Byron, one of each kind
			switch {
			case other.Header.Raw.EBB != b.Header.Raw.EBB:
			case b.Header.Raw.EBB && other.Header.BodyHash != b.Header.BodyHash, len(Txs([]ledger.Block{other})) != txs:
				return other
			}
		}
	}
}
