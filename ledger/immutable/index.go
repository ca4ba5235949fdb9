package immutable

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sort"

	"github.com/ouronet/ouronet/ledger"
)

const (
	// entrySize is the length in bytes of a secondary entry.
	entrySize = 56

	// maxBlock is the largest block in bytes. A larger one could not have come
	// over block-fetch. (points-headers-blocks, 10)
	maxBlock = 2_500_000
)

// entry is what a secondary file says of a block. All numbers in the file are
// big-endian.
type entry struct {
	offset       uint64 // of the block in the chunk file
	headerOffset uint16 // of the header in the block
	headerSize   uint16
	crc          uint32 // CRC-32 (IEEE) of the block
	hash         ledger.Hash
	slot         uint64 // for a Byron boundary block, the epoch
}

func decodeEntry(b []byte) (e entry) {
	_ = b[entrySize-1]
	e.offset = binary.BigEndian.Uint64(b)
	e.headerOffset = binary.BigEndian.Uint16(b[8:])
	e.headerSize = binary.BigEndian.Uint16(b[10:])
	e.crc = binary.BigEndian.Uint32(b[12:])
	e.hash = ledger.Hash(b[16:48])
	e.slot = binary.BigEndian.Uint64(b[48:])
	return e
}

func (e entry) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, e.offset)
	dst = binary.BigEndian.AppendUint16(dst, e.headerOffset)
	dst = binary.BigEndian.AppendUint16(dst, e.headerSize)
	dst = binary.BigEndian.AppendUint32(dst, e.crc)
	dst = append(dst, e.hash[:]...)
	return binary.BigEndian.AppendUint64(dst, e.slot)
}

// index is the secondary file of a chunk, kept as bytes.
type index struct {
	chunk uint64
	start ledger.Slot // first slot of the chunk
	ebb   bool        // entry 0 is a Byron boundary block
	from  int         // how many entries of the file are before raw, see part
	raw   []byte      // whole entries
	end   int64       // where the last block ends in the chunk file
}

func (x *index) len() int { return len(x.raw) / entrySize }

func (x *index) entry(i int) entry { return decodeEntry(x.raw[i*entrySize:]) }

// place returns where block i is in the chunk file: a block ends where the
// next one begins.
func (x *index) place(i int) (offset, size int64) {
	offset = int64(x.entry(i).offset)
	if i+1 < x.len() {
		return offset, int64(x.entry(i+1).offset) - offset
	}
	return offset, x.end - offset
}

func (x *index) size(i int) int64 {
	_, size := x.place(i)
	return size
}

// headerEnd returns where the header of block i ends in the block.
func (x *index) headerEnd(i int) int64 {
	e := x.entry(i)
	return int64(e.headerOffset) + int64(e.headerSize)
}

// part returns block i and up to n-1 after it, with the one before them, in an index that
// does not keep the memory of x. It is nil if there is no block i.
func (x *index) part(i, n int) *index {
	if i >= x.len() {
		return nil
	}
	from, to := max(0, i-1), min(i+n, x.len())
	end := x.end
	if to < x.len() {
		end = int64(x.entry(to).offset)
	}
	return &index{x.chunk, x.start, x.ebb && from == 0, x.from + from, slices.Clone(x.raw[from*entrySize : to*entrySize]), end}
}

func (x *index) boundary(i int) bool { return x.ebb && i == 0 }

func (x *index) point(i int) ledger.Point {
	e := x.entry(i)
	if x.boundary(i) {
		return ledger.Point{Slot: x.start, Hash: e.hash}
	}
	return ledger.Point{Slot: ledger.Slot(e.slot), Hash: e.hash}
}

// find returns the place of p among the entries. A boundary block and the
// block after it may have the same slot.
func (x *index) find(p ledger.Point) (i int, ok bool) {
	i = sort.Search(x.len(), func(i int) bool { return x.point(i).Slot >= p.Slot })
	for ; i < x.len() && x.point(i).Slot == p.Slot; i++ {
		if x.point(i).Hash == p.Hash {
			return i, true
		}
	}
	return 0, false
}

// indexError says which byte of a secondary file is wrong.
type indexError struct {
	offset int64
	reason string
	doubt  bool // as in DamageError
}

// check looks for what cannot be in the index of a chunk of that many slots.
// That makes all that [index] computes from the entries safe.
func (x *index) check(slots uint64) *indexError {
	last := int64(-1) // slot in the chunk of the entry before, if not a boundary block
	var offset uint64
	for i := range x.len() {
		e := x.entry(i)
		bad := func(format string, args ...any) *indexError {
			return &indexError{offset: int64(x.from+i) * entrySize, reason: fmt.Sprintf(format, args...)}
		}
		if x.from+i == 0 && e.offset != 0 || i > 0 && e.offset <= offset {
			return bad("block offset %d does not follow %d", e.offset, offset)
		}
		offset = e.offset
		if e.offset >= uint64(x.end) {
			return bad("block offset %d is beyond the end of the chunk file (%d)", e.offset, x.end)
		}
		if i+1 < x.len() && x.entry(i+1).offset <= e.offset {
			continue // reported with the next entry
		}
		size := x.size(i)
		if size > maxBlock {
			return bad("block of %d bytes, at most %d are possible", size, maxBlock)
		}
		if h := x.headerEnd(i); e.headerSize == 0 || h > size {
			return bad("header ends at byte %d of a block of %d", h, size)
		}
		if x.boundary(i) {
			if e.slot != x.chunk {
				return bad("boundary block of epoch %d in chunk %d", e.slot, x.chunk)
			}
			continue
		}
		in := e.slot - uint64(x.start)
		if e.slot < uint64(x.start) || in >= slots {
			outside := bad("slot %d is not in chunk %d, which has %d slots from %d", e.slot, x.chunk, slots, x.start)
			outside.doubt = true
			return outside
		}
		if int64(in) <= last {
			return bad("slot %d does not follow the one before", e.slot)
		}
		last = int64(in)
	}
	return nil
}
