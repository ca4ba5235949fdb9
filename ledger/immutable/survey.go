package immutable

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// kinds are the files of a chunk, in the order of [sizes].
var kinds = [...]string{chunkFile, secondaryFile, primaryFile}

// sizes are the lengths in bytes of the files of a chunk, -1 for one that is
// missing.
type sizes struct {
	number                    uint64
	chunk, secondary, primary int64
}

// ChunkOf returns the number of the chunk that a file of that name belongs to; ok is
// false if it is of none.
func ChunkOf(name string) (chunk uint64, ok bool) {
	number, kind, _ := strings.Cut(name, ".")
	n, err := strconv.ParseUint(number, 10, 32)
	fiveDigits := len(number) == 5 || len(number) > 5 && number[0] != '0'
	return n, err == nil && fiveDigits && slices.Contains(kinds[:], kind)
}

// survey lists the chunks that have files, in order.
func (f folder) survey() ([]sizes, error) {
	entries, err := f.disk.ReadDir(f.dir)
	if err != nil {
		return nil, fmt.Errorf("immutable: %w", err)
	}
	first, err := f.dropping()
	if err != nil {
		return nil, err
	}
	found := make(map[uint64]sizes)
	for _, e := range entries {
		n, ok := ChunkOf(e.Name())
		if !ok || n < first {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since
		}
		if err != nil {
			return nil, fmt.Errorf("immutable: %w", err)
		}
		s, known := found[n]
		if !known {
			s = sizes{n, -1, -1, -1}
		}
		switch filepath.Ext(e.Name())[1:] {
		case chunkFile:
			s.chunk = info.Size()
		case secondaryFile:
			s.secondary = info.Size()
		case primaryFile:
			s.primary = info.Size()
		}
		found[n] = s
	}
	chunks := make([]sizes, 0, len(found))
	for _, s := range found { // any order
		chunks = append(chunks, s)
	}
	slices.SortFunc(chunks, func(a, b sizes) int {
		if a.number < b.number {
			return -1
		}
		return 1
	})
	return chunks, nil
}

// checkFinished checks what names and sizes say of the chunks before last, from
// the first one on: none is missing, and the files of each fit each other.
func (f folder) checkFinished(chunks []sizes, last uint64) error {
	for i, s := range chunks {
		if s.number >= last {
			if next := chunks[0].number + uint64(i); next < last {
				return f.damage(next, chunkFile, 0, "the file is missing")
			}
			return nil
		}
		if next := chunks[0].number + uint64(i); next < s.number {
			return f.damage(next, chunkFile, 0, "the file is missing")
		}
		if err := f.checkSizes(s); err != nil {
			return err
		}
	}
	return nil
}

// checkSizes checks the sizes of the files of a finished chunk.
func (f folder) checkSizes(s sizes) error {
	for i, size := range []int64{s.chunk, s.secondary, s.primary} {
		if size < 0 {
			return f.damage(s.number, kinds[i], 0, "the file is missing")
		}
	}
	entries, rest := s.secondary/entrySize, s.secondary%entrySize
	switch full := primaryOffset(f.slots + 2); {
	case rest != 0:
		return f.damage(s.number, secondaryFile, s.secondary-rest, "the file ends inside an entry")
	case uint64(entries) > f.slots+1:
		return f.doubt(s.number, secondaryFile, int64(f.slots+1)*entrySize, "file of %d bytes, but a chunk has %d slots", s.secondary, f.slots)
	case entries == 0 && s.chunk > 0:
		return f.damage(s.number, secondaryFile, 0, "no entries for a chunk file of %d bytes", s.chunk)
	case s.chunk < entries:
		return f.damage(s.number, chunkFile, s.chunk, "%d bytes for the %d blocks of the index", s.chunk, entries)
	case s.primary != full:
		return f.doubt(s.number, primaryFile, min(s.primary, full), "file of %d bytes, but a finished chunk of %d slots has %d",
			s.primary, f.slots, full)
	case entries == 0:
		return f.checkEmpty(s.number)
	}
	return nil
}

// checkEmpty checks that the primary file of a chunk without blocks says so.
func (f folder) checkEmpty(chunk uint64) error {
	file, err := f.open(chunk, primaryFile)
	if err != nil {
		return err
	}
	defer file.Close()
	var end [offsetSize]byte
	at := primaryOffset(f.slots + 1)
	if _, err := file.ReadAt(end[:], at); err != nil {
		return f.fileError(chunk, primaryFile, err)
	}
	if v := binary.BigEndian.Uint32(end[:]); v != 0 {
		return f.damage(chunk, primaryFile, at, "it says that there are %d blocks, but the chunk file is empty", v/entrySize)
	}
	return nil
}
