package immutable_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// The error of each kind of damage names the file, the byte where it begins and
// the reason, word for word: that is what a user has to find it.
func TestDamageText(t *testing.T) {
	s := newStored(t)
	const m = 2 // a chunk in the middle
	from, to := s.of(m)
	first := func(c uint64) int { i, _ := s.of(c); return i }
	begin := first(s.last)
	chunk, secondary, primary := s.name(m, "chunk"), s.name(m, "secondary"), s.name(m, "primary")
	last := s.name(s.last, "chunk")
	size := func(name string) int { return len(s.files[name]) }
	cut := func(name string, n int) map[string][]byte { return map[string][]byte{name: s.files[name][:n]} }
	grown := func(name string, b ...byte) map[string][]byte {
		return map[string][]byte{name: append(bytes.Clone(s.files[name]), b...)}
	}
	noFiles := func(c uint64) map[string][]byte {
		return map[string][]byte{s.name(c, "chunk"): nil, s.name(c, "secondary"): nil, s.name(c, "primary"): nil}
	}
	point := func(i int) ledger.Point { return s.blocks[i].Header.Point() }
	headerError := func(file []byte, start int) error {
		raw, err := ledger.RawBlock(file[start:]).Header()
		if err == nil {
			_, err = s.network.ParseHeader(raw)
		}
		if err == nil {
			t.Fatal("the header is right")
		}
		return err
	}

	// Block 3 of the chunk in the middle.
	i := from + 3
	start, entry := s.end(i-1), 3*entrySize
	sum := crc32.ChecksumIEEE(s.blocks[i].Raw)
	otherHash := point(i)
	otherHash.Hash[0] ^= 1
	noBlock := s.with(chunk, start+2, 0xff) // in place of the array that a block is
	headerAt := bytes.Index(s.blocks[i].Raw, s.blocks[i].Header.Raw.Bytes)
	noHeader := s.with(chunk, start+headerAt, 0x80) // an empty array in place of a header
	corrupt := bytes.Clone(s.blocks[i].Raw)
	corrupt[len(corrupt)-1] ^= 1

	// A block of the middle at the end of the last chunk.
	stray := bytes.Clone(s.files[secondary][entrySize : 2*entrySize])
	binary.BigEndian.PutUint64(stray, uint64(size(last)))

	opened := func(dir string) error {
		_, err := immutable.Open(dir, immutable.Options{Network: s.network})
		return err
	}
	appending := func(dir string) error {
		_, err := immutable.OpenAppend(dir, immutable.Options{Network: s.network})
		return err
	}
	headers := func(dir string) error {
		for _, err := range open(t, dir, s.network).HeadersAfter(ledger.Origin) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	blocks := func(dir string) error {
		for _, err := range open(t, dir, s.network).BlocksAfter(ledger.Origin) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	// after reads from a folder in which files changed after it was opened.
	after := func(changed map[string][]byte) func(string) error {
		return func(dir string) error {
			db := open(t, dir, s.network)
			for name, b := range changed {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
				if b == nil {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, err := range db.BlocksAfter(ledger.Origin) {
				if err != nil {
					return err
				}
			}
			return nil
		}
	}
	const missing, slots = "the file is missing", 100
	const full = 1 + 4*(slots+2) // bytes of a primary file
	tooLong := make([]byte, (slots+2)*entrySize)
	for _, test := range []struct {
		files  map[string][]byte
		use    func(dir string) error
		file   string
		offset int
		reason string
	}{
		{cut(chunk, 0), opened, chunk, 0, fmt.Sprintf("0 bytes for the %d blocks of the index", to-from)},
		{cut(chunk, 2), opened, chunk, 2, fmt.Sprintf("2 bytes for the %d blocks of the index", to-from)},
		{map[string][]byte{chunk: nil}, opened, chunk, 0, missing},
		{map[string][]byte{secondary: nil}, opened, secondary, 0, missing},
		{map[string][]byte{primary: nil}, opened, primary, 0, missing},
		{noFiles(m), opened, chunk, 0, missing},
		{merged(noFiles(m), noFiles(m+1)), opened, chunk, 0, missing},
		{noFiles(s.last - 1), opened, s.name(s.last-1, "chunk"), 0, missing},
		{cut(secondary, size(secondary)-1), opened, secondary, size(secondary) - entrySize, "the file ends inside an entry"},
		{map[string][]byte{secondary: tooLong}, opened, secondary, (slots + 1) * entrySize, "file of 5712 bytes, but a chunk has 100 slots"},
		{cut(secondary, 0), opened, secondary, 0, fmt.Sprintf("no entries for a chunk file of %d bytes", size(chunk))},
		{cut(primary, full-4), opened, primary, full - 4, "file of 405 bytes, but a finished chunk of 100 slots has 409"},
		{grown(primary, 0, 0, 0, 0), opened, primary, full, "file of 413 bytes, but a finished chunk of 100 slots has 409"},
		{merged(cut(chunk, 0), cut(secondary, 0)), opened, primary, full - 4, fmt.Sprintf("it says that there are %d blocks, but the chunk file is empty", to-from)},
		{s.emptied(0), opened, s.name(0, "chunk"), 0, fmt.Sprintf("no blocks, but %v, the first one after it, has a predecessor", point(first(1)))},
		{s.emptied(s.last - 1), opened, last, 0, fmt.Sprintf("block %v does not follow %v, the last one of the chunks before: blocks are missing", point(begin), point(first(s.last-1)-1).Hash)},
		{s.emptied(s.last - 1), appending, s.name(s.last, "chunk"), 0, fmt.Sprintf("block %v does not follow the chunks before: its predecessor is %v, the tip is %v", point(begin), point(begin-1).Hash, point(first(s.last-1)-1))},
		{merged(cut(s.name(s.last, "secondary"), 0), cut(s.name(s.last-1, "secondary"), 0), cut(s.name(s.last-2, "secondary"), 0)), opened,
			s.name(s.last-2, "chunk"), 0, "no good block in this chunk and in 2 after it"},
		{merged(grown(last, s.blocks[from+1].Raw...), grown(s.name(s.last, "secondary"), stray...)), appending,
			s.name(s.last, "secondary"), size(s.name(s.last, "secondary")), fmt.Sprintf("block %v does not belong into this chunk", point(from+1))},

		{s.with(primary, 0, 2), blocks, primary, 0, "version 2, only 1 is known"},
		{s.with(primary, full-4, 0, 0, 0xff, 0xff), blocks, primary, full - 4, fmt.Sprintf("offset 65535 of relative slot 101, by the secondary file it is %d", size(secondary))},
		{s.with(secondary, entry+9, 4), blocks, secondary, entry, fmt.Sprintf("the header of block %v is not at byte 4 of the block", point(i))},
		{s.with(secondary, entry+5, 0xff), blocks, secondary, entry - entrySize, fmt.Sprintf("block of %d bytes, at most 2500000 are possible", 0xff0000|start-s.end(i-2))},
		{s.with(chunk, start+len(corrupt)-1, corrupt[len(corrupt)-1]), blocks, chunk, start, fmt.Sprintf("CRC-32 of block %v is %08x, its index says %08x", point(i), crc32.ChecksumIEEE(corrupt), sum)},
		{s.with(secondary, entry+16, otherHash.Hash[0]), blocks, chunk, start, fmt.Sprintf("block %v is here, the index says %v", point(i), otherHash)},
		{s.dropped(m, 3), blocks, chunk, start, fmt.Sprintf("block %v does not follow %v, the one before it", point(i+1), point(i-1).Hash)},
		{noBlock, headers, chunk, start, fmt.Sprintf("block %v: %v", point(i), headerError(noBlock[chunk], start))},
		{noHeader, headers, chunk, start, fmt.Sprintf("block %v: %v", point(i), headerError(noHeader[chunk], start))},

		{nil, after(map[string][]byte{chunk: nil}), chunk, 0, missing},
		{nil, after(map[string][]byte{secondary: nil}), secondary, 0, missing},
		{nil, after(map[string][]byte{primary: nil}), primary, 0, missing},
		{nil, after(map[string][]byte{secondary: tooLong}), secondary, (slots + 1) * entrySize, "file of 5712 bytes, but a chunk has 100 slots"},
		{nil, after(cut(secondary, 0)), secondary, 0, fmt.Sprintf("no entries for a chunk file of %d bytes", size(chunk))},
		{nil, after(cut(primary, 0)), primary, 0, "the file ends before slot 100 of the chunk"},
		{nil, after(cut(primary, 203)), primary, 201, "the file ends before slot 100 of the chunk"},
		{nil, after(grown(primary, 0)), primary, full, "bytes after the last slot of the chunk"},
	} {
		dir := s.write(t, test.files)
		err := test.use(dir)
		want := immutable.DamageError{File: filepath.Join(dir, test.file), Offset: int64(test.offset), Reason: test.reason}
		var got *immutable.DamageError
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%v with %v: %v\nwant %v", slices.Sorted(maps.Keys(test.files)), test.reason, err, &want)
		}
	}

	e := immutable.DamageError{File: "00001.chunk", Offset: 7, Reason: "no sun"}
	for doubt, advice := range map[bool]string{
		false: "restore the folder from a snapshot, or delete the files of this chunk and of all later ones",
		true:  "if it is not the folder of another network, restore it from a snapshot",
	} {
		e.Doubt = doubt
		if got, want := e.Error(), "immutable: 00001.chunk is damaged at byte 7: no sun: "+advice; got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}
