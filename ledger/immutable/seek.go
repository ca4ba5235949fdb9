package immutable

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/ouronet/ouronet/ledger"
)

// seekBuffer is what two reads of [folder.seek] take.
type seekBuffer struct {
	offsets [3 * offsetSize]byte
	entries [4 * entrySize]byte
}

var seekBuffers = sync.Pool{New: func() any { return new(seekBuffer) }}

// seek finds p among the blocks of a finished chunk by two small reads: the
// offsets of its slot in the primary file, and the entries there with their
// neighbours. The neighbours show that no entry of the slot is elsewhere, so that
// a block is not said to be missing because an offset is wrong.
func (f folder) seek(chunk uint64, p ledger.Point) (i int, ok bool, err error) {
	start := chunk * f.slots
	relative, slots := uint64(p.Slot)-start+1, 1
	if uint64(p.Slot) == start { // a boundary block may be there, too
		relative, slots = 0, 2
	}
	b := seekBuffers.Get().(*seekBuffer)
	defer seekBuffers.Put(b)
	buf, entries := &b.offsets, &b.entries
	if err := f.readOffsets(chunk, relative, buf[:(slots+1)*offsetSize]); err != nil {
		return 0, false, err
	}
	var offsets [3]int64
	for k := range slots + 1 {
		offsets[k] = int64(binary.BigEndian.Uint32(buf[k*offsetSize:]))
	}
	bad := func(k int, reason string) (int, bool, error) {
		slot := relative + uint64(k)
		return 0, false, f.damage(chunk, primaryFile, primaryOffset(slot), "offset %d of relative slot %d %s", offsets[k], slot, reason)
	}
	switch {
	case offsets[0]%entrySize != 0:
		return bad(0, "is inside an entry")
	case relative == 0 && offsets[0] != 0:
		return bad(0, "is not 0")
	}
	for k := 1; k <= slots; k++ {
		if step := offsets[k] - offsets[k-1]; step != 0 && step != entrySize {
			return bad(k, "is not that of the slot before it, or of one entry more")
		}
	}

	// An entry before those of the slot, at most two, and one after.
	from, to := max(offsets[0]-entrySize, 0), offsets[slots]
	n, err := f.readEntries(chunk, from, entries[:to+entrySize-from])
	if err != nil {
		return 0, false, err
	}
	if from+int64(n) < to {
		return bad(slots, "is beyond the end of the secondary file")
	}
	at := func(offset int64) entry { return decodeEntry(entries[offset-from:]) }
	if from < offsets[0] && at(from).slot >= uint64(p.Slot) {
		return bad(0, "is after an entry of that slot or a later one")
	}
	for k := range slots {
		if offsets[k] == offsets[k+1] {
			continue
		}
		e, want := at(offsets[k]), uint64(p.Slot)
		if relative == 0 && k == 0 {
			want = chunk
		}
		if e.slot != want {
			return bad(k, "is that of an entry of another slot")
		}
		if e.hash == p.Hash {
			i, ok = int(offsets[k]/entrySize), true
		}
	}
	if from+int64(n) >= to+entrySize && at(to).slot <= uint64(p.Slot) {
		return bad(slots, "is before an entry of that slot or an earlier one")
	}
	return i, ok, nil
}

// readOffsets reads offsets from the one of a relative slot on.
func (f folder) readOffsets(chunk, relative uint64, p []byte) error {
	file, err := f.open(chunk, primaryFile)
	if err != nil {
		return err
	}
	defer file.Close()
	at := primaryOffset(relative)
	if n, err := file.ReadAt(p, at); err == io.EOF {
		return f.damage(chunk, primaryFile, at+int64(n), "the file ends before relative slot %d of the chunk", relative+1)
	} else if err != nil {
		return f.fileError(chunk, primaryFile, err)
	}
	return nil
}

// readPart reads a part of the index of a chunk whose shape is known: see index.part.
func (f folder) readPart(chunk uint64, s shape, i, n int) (*index, error) {
	if i >= s.entries {
		return nil, nil
	}
	from, to := max(0, i-1), min(i+n, s.entries)
	b := make([]byte, (min(to+1, s.entries)-from)*entrySize) // the next one says where the last one ends
	at := int64(from) * entrySize
	if n, err := f.readEntries(chunk, at, b); err != nil {
		return nil, err
	} else if n < len(b) {
		return nil, f.damage(chunk, secondaryFile, at+int64(n), "the file ends before entry %d", s.entries)
	}
	x := &index{chunk, ledger.Slot(chunk * f.slots), s.ebb && from == 0, from, b, s.end}
	if to < s.entries {
		x.end = int64(x.entry(to - from).offset)
		x.raw = b[:(to-from)*entrySize]
	}
	return x, f.checkIndex(x)
}

// readEntries reads as much of p as there is in the secondary file.
func (f folder) readEntries(chunk uint64, at int64, p []byte) (n int, err error) {
	file, err := f.open(chunk, secondaryFile)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if n, err = file.ReadAt(p, at); err != nil && !errors.Is(err, io.EOF) {
		return 0, f.fileError(chunk, secondaryFile, err)
	}
	return n, nil
}
