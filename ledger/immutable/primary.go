package immutable

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

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

// checkPrimary checks that the primary file of a finished chunk is the one of
// its index.
func (f folder) checkPrimary(x *index) error {
	file, err := f.open(x.chunk, primaryFile)
	if err != nil {
		return err
	}
	defer file.Close()
	r := bufio.NewReaderSize(io.NewSectionReader(file, 0, math.MaxInt64), 1<<15)
	read := func(p []byte, at int64) error {
		_, err := io.ReadFull(r, p)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return f.damage(x.chunk, primaryFile, at, "the file ends before slot %d of the chunk", f.slots)
		case err != nil:
			return f.fileError(x.chunk, primaryFile, err)
		}
		return nil
	}
	var version [1]byte
	if err := read(version[:], 0); err != nil {
		return err
	}
	if version[0] != primaryVersion {
		return f.damage(x.chunk, primaryFile, 0, "version %d, only %d is known", version[0], primaryVersion)
	}
	before := 0 // entries of relative slots before i
	for i := range f.slots + 2 {
		if before < x.len() && x.relativeSlot(before) < i {
			before++
		}
		var offset [offsetSize]byte
		at := primaryOffset(i)
		if err := read(offset[:], at); err != nil {
			return err
		}
		if got, want := binary.BigEndian.Uint32(offset[:]), uint32(before*entrySize); got != want {
			return f.damage(x.chunk, primaryFile, at, "offset %d of relative slot %d, by the secondary file it is %d", got, i, want)
		}
	}
	if _, err := r.ReadByte(); err != io.EOF {
		return f.damage(x.chunk, primaryFile, primaryOffset(f.slots+2), "bytes after the last slot of the chunk")
	}
	return nil
}
