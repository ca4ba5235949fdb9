package immutable

import "encoding/binary"

const (
	primaryVersion = 1
	offsetSize     = 4 // bytes
)

// A primary file is a version byte and offsets into the secondary file.
// Relative slot 0 is the place of a boundary block, slot i of the chunk is
// relative slot i+1; the entry of a relative slot is between its offset and
// the next, which are equal when there is no block. A finished chunk has an
// offset for every relative slot and one more for the end; the last chunk ends
// after its last block.

// primaryOffset returns where offset i is in the file.
func primaryOffset(i uint64) int64 { return 1 + int64(i)*offsetSize }

// appendOffsets appends the offset value n times.
func appendOffsets(dst []byte, value int, n uint64) []byte {
	for range n {
		dst = binary.BigEndian.AppendUint32(dst, uint32(value))
	}
	return dst
}

// primary returns the primary file of an unfinished chunk and the number of
// offsets in it.
func (x *index) primary() (file []byte, offsets uint64) {
	file = appendOffsets([]byte{primaryVersion}, 0, 1)
	offsets = 1
	for i := range x.len() {
		slot := x.relativeSlot(i)
		file = appendOffsets(file, i*entrySize, slot+1-offsets)
		file = appendOffsets(file, (i+1)*entrySize, 1)
		offsets = slot + 2
	}
	return file, offsets
}

// relativeSlot returns the place of block i in the primary file.
func (x *index) relativeSlot(i int) uint64 {
	if x.boundary(i) {
		return 0
	}
	return uint64(x.point(i).Slot-x.start) + 1
}
