package immutable

import (
	"fmt"
	"hash/crc32"
	"math"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// maxSkipped bounds how many empty chunks one block can make: an honest chain
// has no gap of more than a few. (3 k / f slots are 6 chunks)
const maxSkipped = 1000

// MaxGap is how many slots the slot of an appended block may be after that of
// the block before it. Do not adopt what goes beyond it: it could not be stored.
func MaxGap(n ledger.Network) ledger.Slot {
	return ledger.Slot(maxSkipped * 10 * n.SecurityParam) // chunks of 10 k slots
}

// Append appends the block that follows the tip; to an empty folder, any block
// may be appended. It returns [ErrDoesNotFollow] for another block, and
// [ErrReadOnly] if the DB is not open for appending.
//
// b must have passed [ledger.Block.CheckBody], and must not be rolled back: there
// is no way to remove it. It is written but not forced to the disk, see
// [DB.Sync]. When the files cannot be written, this and all later calls return
// the error; opening the folder again repairs it.
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
	} else if h.Raw.Era == ledger.Byron && !h.Raw.EBB && h.Prev == db.network.Genesis.Byron {
		return fmt.Errorf("%w: block %v: a chain begins with a boundary block in Byron", ErrDoesNotFollow, h.Point())
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
	if next.skips(s) > maxSkipped {
		return fmt.Errorf("%w: block %v would leave more than %d chunks without a block", ErrDoesNotFollow, h.Point(), maxSkipped)
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

// Sync forces all that was appended to the disk.
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

// follows returns why h cannot come after prev, or "". The block after a
// boundary block may be in the same slot. (points-headers-blocks, 8)
func follows(prev, h *ledger.Header) string {
	afterBoundary := prev.Raw.EBB && !h.Raw.EBB
	switch {
	case !h.PrevIs(prev.Point()):
		return fmt.Sprintf("its predecessor is %v, the tip is %v", h.Prev, prev.Point())
	case h.Slot < prev.Slot, h.Slot == prev.Slot && !afterBoundary:
		return fmt.Sprintf("its slot is not after that of the tip %v", prev.Point())
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
