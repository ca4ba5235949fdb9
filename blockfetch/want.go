package blockfetch

import "github.com/ouronet/ouronet/ledger"

// Want is a block to fetch. A Want from [WantOf] also has the era that came with the
// header. No hash covers the era, so the peer may have sent a wrong one.
type Want struct {
	Point ledger.Point
	Size  int // bytes the encoded block takes, as far as its header tells

	era    ledger.Era
	known  bool           // era is
	header *ledger.Header // nil for one that is not kept
}

// WantOf returns the Want for the block of a header.
func WantOf(h *ledger.Header) Want {
	size := h.BlockSize()
	if h.Raw.Era == ledger.Byron {
		size = max(size, byronSize)
	}
	// A larger one would not be accepted, whatever its header says.
	return Want{Point: h.Point(), Size: min(size, MaxBlock), era: h.Raw.Era, known: true}
}

// WantKnown is WantOf for a header that stays in memory and does not change until its
// block has come: the header is not parsed again, and the body is hashed while it
// arrives.
func WantKnown(h *ledger.Header) Want {
	w := WantOf(h)
	w.header = h
	return w
}

// byronSize is how many bytes a Byron block is assumed to take at least. Its
// header has no size, and the hint beside it may have come from another peer
// than the block will.
const byronSize = 16 << 10

// split cuts wants after at most size bytes and MaxRange blocks.
func split(wants []Want, size int) (part, rest []Want) {
	for n, w := range wants {
		if size -= w.Size; size < 0 || n == MaxRange {
			return wants[:n], wants[n:]
		}
	}
	return wants, nil
}
