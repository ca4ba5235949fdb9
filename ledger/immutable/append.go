package immutable

import (
	"fmt"
	"hash/crc32"
	"math"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// minSkipped is how many empty chunks one block can make at the least.
const minSkipped = 1000

// maxSkipped bounds how many empty chunks one block can make. An honest chain has
// no gap of more than 3 k / f slots, which on most networks are six chunks.
func maxSkipped(n *ledger.Network) uint64 {
	window := n.Window(3)
	if window == math.MaxUint64 { // f is not known
		return minSkipped
	}
	return max(minSkipped, window/n.Eras[ledger.Byron].EpochLength+1)
}

// MaxGap is how many slots an appended block may be after the block before it. Do not
// adopt a block beyond that: it could not be stored. It is not less than the 3 k / f
// slots in which an honest chain has a block.
func MaxGap(n ledger.Network) ledger.Slot {
	return ledger.Slot(maxSkipped(&n) * n.Eras[ledger.Byron].EpochLength)
}

// Append appends the block that follows the tip; to an empty folder, any block
// may be appended that a chain can have. It returns [ErrDoesNotFollow] for another block, and
// [ErrReadOnly] if the DB is not open for appending.
//
// b must have passed [ledger.Block.CheckBody], and must not be rolled back: there
// is no way to remove it. It is written but not forced to the disk, see
// [DB.Sync]. When a file cannot be opened, as when the process has too many, the
// folder is as before, and the block can be appended later. When files cannot be
// written, this and all later calls return the error; opening the folder again
// repairs it.
func (db *DB) Append(b ledger.Block) error {
	w := db.writer
	if w == nil {
		return ErrReadOnly
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	h, s := &b.Header, db.state.Load()
	if s.head != nil {
		if reason := follows(&s.tip, h); reason != "" {
			return fmt.Errorf("%w: block %v: %s", ErrDoesNotFollow, h.Point(), reason)
		}
	} else if reason := cannotBeFirst(&db.network, h); reason != "" {
		return fmt.Errorf("%w: block %v: %s", ErrDoesNotFollow, h.Point(), reason)
	}
	e, err := newEntry(b)
	if err != nil {
		return err
	}
	next := &state{
		head: &index{chunk: db.chunkOf(h.Slot), ebb: h.Raw.EBB}, tip: *h,
		firstChunk: s.firstChunk, first: s.first, fromOrigin: s.fromOrigin,
	}
	next.tip.Raw.Bytes = nil // do not keep the block alive
	if h.Raw.EBB {
		e.slot = next.head.chunk
	}
	if s.head == nil {
		next.first, next.fromOrigin = h.Point(), !h.HasPrev
		// cardano-node has a file for every chunk of the chain, empty or not.
		if next.firstChunk = next.head.chunk; next.fromOrigin {
			next.firstChunk = 0
		}
	}
	if most := maxSkipped(&db.network); next.skips(s) > most {
		return fmt.Errorf("%w: block %v would leave more than %d chunks without a block", ErrDoesNotFollow, h.Point(), most)
	}
	if err := w.write(db.folder, s, next, e, b.Raw); err != nil {
		return err
	}
	if s.head != nil && s.head.chunk < next.head.chunk {
		db.cache.put(s.head)
	}
	db.state.Store(next)
	return nil
}

// skips returns how many chunks are left empty on the way from s to next.
func (next *state) skips(s *state) uint64 {
	switch {
	case s.head == nil:
		return next.head.chunk - next.firstChunk
	case s.head.chunk == next.head.chunk:
		return 0
	}
	return next.head.chunk - s.head.chunk - 1
}

// Sync forces all appended blocks to the disk.
func (db *DB) Sync() error {
	w := db.writer
	if w == nil {
		return ErrReadOnly
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	return w.fail(w.files.sync())
}

// follows returns why h cannot come after prev, or "". Block numbers are not looked at.
func follows(prev, h *ledger.Header) string {
	parent := ledger.ParentOf(prev)
	parent.BlockNoUnknown = true
	switch parent.Link(h) {
	case ledger.LinkFollows:
		return ""
	case ledger.LinkSlot:
		return fmt.Sprintf("its slot is not after that of the tip %v", prev.Point())
	}
	return fmt.Sprintf("its predecessor is %v, the tip is %v", h.Prev, prev.Point())
}

// cannotBeFirst returns why h, the first block of a folder, cannot be one of the
// chain at all, or "". A regular Byron block names a block before it; what comes
// first in Byron, and names the genesis, is a boundary block.
// (ouroboros-consensus, Byron/Ledger/Block.hs, fromByronPrevHash)
func cannotBeFirst(n *ledger.Network, h *ledger.Header) string {
	if h.Raw.Era == ledger.Byron && !h.Raw.EBB && h.Prev == n.Genesis.Byron {
		return "a regular Byron block cannot be the first one of a chain"
	}
	return ""
}

// newEntry makes the entry of a block but for its offset.
func newEntry(b ledger.Block) (entry, error) {
	r := cbor.NewReader(b.Raw)
	r.ArrayAny()
	r.Uint()
	r.ArrayAny()
	size := len(b.Header.Raw.Bytes)
	switch {
	case r.Err() != nil:
		return entry{}, fmt.Errorf("immutable: block %v: %w", b.Header.Point(), r.Err())
	case len(b.Raw) > maxBlock || size > math.MaxUint16 || r.Pos()+size > len(b.Raw):
		return entry{}, fmt.Errorf("immutable: block %v of %d bytes, its header of %d, has no place in the files",
			b.Header.Point(), len(b.Raw), size)
	}
	return entry{
		headerOffset: uint16(r.Pos()),
		headerSize:   uint16(size),
		crc:          crc32.ChecksumIEEE(b.Raw),
		hash:         b.Header.Hash,
		slot:         uint64(b.Header.Slot),
	}, nil
}
