package immutable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
)

// The three files of a chunk.
const (
	chunkFile     = "chunk"
	secondaryFile = "secondary"
	primaryFile   = "primary"
)

// folder knows where files are and how chunks are cut.
type folder struct {
	dir   string
	slots uint64 // in a chunk
	sure  bool   // the files show that chunks have so many
	disk  disk.FS
}

// maxChunkSlots bounds the size of an index: mainnet has 21,600 slots.
const maxChunkSlots = 10_000_000

// newFolder returns a folder that is on files, nil for the operating system's.
func newFolder(dir string, n ledger.Network, files disk.FS) (folder, error) {
	if files == nil {
		files = disk.OS
	}
	f := folder{dir: dir, slots: n.Eras[ledger.Byron].EpochLength, disk: files}
	if f.slots < 2 || f.slots > maxChunkSlots {
		return f, fmt.Errorf("immutable: network %q has Byron epochs, and so chunks, of %d slots: set Options.Network", n.Name, f.slots)
	}
	return f, nil
}

func (f folder) name(chunk uint64, kind string) string {
	return filepath.Join(f.dir, fmt.Sprintf("%05d.%s", chunk, kind))
}

func (f folder) chunkOf(s ledger.Slot) uint64 { return uint64(s) / f.slots }

func (f folder) damage(chunk uint64, kind string, offset int64, format string, args ...any) error {
	return &DamageError{File: f.name(chunk, kind), Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

// doubt is damage for what a folder whose chunks have another length, that of another
// network, also looks like.
func (f folder) doubt(chunk uint64, kind string, offset int64, format string, args ...any) error {
	return &DamageError{File: f.name(chunk, kind), Offset: offset, Reason: fmt.Sprintf(format, args...), Doubt: !f.sure}
}

// readSecondary reads a whole secondary file and what else an [index] is made
// of. Entries that are not whole are left out; the result is not checked.
func (f folder) readSecondary(chunk uint64) (*index, error) {
	x := &index{chunk: chunk, start: ledger.Slot(chunk * f.slots)}
	limit := int64(f.slots+1) * entrySize
	raw, err := f.readWhole(chunk, limit)
	if err != nil {
		return nil, err
	}
	x.raw = raw[: len(raw)/entrySize*entrySize : len(raw)/entrySize*entrySize]

	file, err := f.openChunk(chunk)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, f.fileError(chunk, chunkFile, err)
	}
	x.end = info.Size()
	x.ebb = beginsWithBoundary(file)
	return x, nil
}

// readWhole reads a secondary file of up to that many bytes.
func (f folder) readWhole(chunk uint64, limit int64) ([]byte, error) {
	file, err := f.open(chunk, secondaryFile)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, f.fileError(chunk, secondaryFile, err)
	}
	if info.Size() > limit {
		return nil, f.doubt(chunk, secondaryFile, limit, "file of %d bytes, but a chunk has %d slots", info.Size(), f.slots)
	}
	raw := make([]byte, info.Size())
	n, err := file.ReadAt(raw, 0)
	if err != nil && err != io.EOF {
		return nil, f.fileError(chunk, secondaryFile, err)
	}
	return raw[:n], nil
}

// beginsWithBoundary reports whether the first block of a chunk file is a boundary
// block: a block is [tag, block], and the tag of a boundary block is 0.
func beginsWithBoundary(file io.ReaderAt) bool {
	var head [2]byte
	n, _ := file.ReadAt(head[:], 0)
	return n == len(head) && head[1] == 0
}

// readIndex reads the index of a chunk that is finished, and checks that its
// three files fit each other.
func (f folder) readIndex(chunk uint64) (*index, error) {
	x, err := f.readSecondary(chunk)
	if err != nil {
		return nil, err
	}
	if x.len() == 0 && x.end > 0 {
		return nil, f.damage(chunk, secondaryFile, 0, "no entries for a chunk file of %d bytes", x.end)
	}
	if err := f.checkIndex(x); err != nil {
		return nil, err
	}
	return x, f.checkPrimary(x)
}

func (f folder) checkIndex(x *index) error {
	switch bad := x.check(f.slots); {
	case bad == nil:
		return nil
	case bad.doubt:
		return f.doubt(x.chunk, secondaryFile, bad.offset, "%s", bad.reason)
	default:
		return f.damage(x.chunk, secondaryFile, bad.offset, "%s", bad.reason)
	}
}

func (f folder) openChunk(chunk uint64) (disk.File, error) { return f.open(chunk, chunkFile) }

// open opens a file for reading.
func (f folder) open(chunk uint64, kind string) (disk.File, error) {
	file, err := disk.Open(f.disk, f.name(chunk, kind))
	if err != nil {
		return nil, f.fileError(chunk, kind, err)
	}
	return file, nil
}

// fileError makes a missing file a damage.
func (f folder) fileError(chunk uint64, kind string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return f.damage(chunk, kind, 0, "the file is missing")
	}
	return fmt.Errorf("immutable: %w", err)
}
