package immutable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

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
}

// maxChunkSlots bounds the size of an index: mainnet has 21,600 slots.
const maxChunkSlots = 10_000_000

func newFolder(dir string, n ledger.Network) (folder, error) {
	f := folder{dir: dir, slots: n.Eras[ledger.Byron].EpochLength}
	if f.slots < 2 || f.slots > maxChunkSlots {
		return f, fmt.Errorf("immutable: network %q has Byron epochs, and so chunks, of %d slots: set Options.Network", n.Name, f.slots)
	}
	return f, f.checkMagic(n)
}

// checkMagic compares the network with the file that cardano-node puts beside
// its ImmutableDB folder, if it is there.
func (f folder) checkMagic(n ledger.Network) error {
	name := filepath.Join(filepath.Dir(filepath.Clean(f.dir)), "protocolMagicId")
	b, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	if got := strings.TrimSpace(string(b)); got != strconv.FormatUint(uint64(n.Magic), 10) {
		return fmt.Errorf("immutable: %s is of the network with magic %.20q, not of %s (%d): choose the right network or folder",
			f.dir, got, n.Name, n.Magic)
	}
	return nil
}

func (f folder) name(chunk uint64, kind string) string {
	return filepath.Join(f.dir, fmt.Sprintf("%05d.%s", chunk, kind))
}

func (f folder) chunkOf(s ledger.Slot) uint64 { return uint64(s) / f.slots }

func (f folder) damage(chunk uint64, kind string, offset int64, format string, args ...any) error {
	return &DamageError{f.name(chunk, kind), offset, fmt.Sprintf(format, args...)}
}

// readSecondary reads a whole secondary file and what else an [index] is made
// of. Entries that are not whole are left out; the result is not checked.
func (f folder) readSecondary(chunk uint64) (*index, error) {
	x := &index{chunk: chunk, start: ledger.Slot(chunk * f.slots)}
	limit := int64(f.slots+1) * entrySize
	name := f.name(chunk, secondaryFile)
	info, err := os.Stat(name)
	if err != nil {
		return nil, f.fileError(chunk, secondaryFile, err)
	}
	if info.Size() > limit {
		return nil, f.damage(chunk, secondaryFile, limit, "file of %d bytes, but a chunk has %d slots", info.Size(), f.slots)
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, f.fileError(chunk, secondaryFile, err)
	}
	raw = raw[:min(int64(len(raw)), limit)] // it may be growing
	x.raw = raw[: len(raw)/entrySize*entrySize : len(raw)/entrySize*entrySize]

	file, err := f.openChunk(chunk)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return nil, f.fileError(chunk, chunkFile, err)
	}
	x.end = info.Size()
	// A block is [tag, block], and the tag of a boundary block is 0.
	var head [2]byte
	if n, _ := file.ReadAt(head[:], 0); n == len(head) {
		x.ebb = head[1] == 0
	}
	return x, nil
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
	if bad := x.check(f.slots); bad != nil {
		return f.damage(x.chunk, secondaryFile, bad.offset, "%s", bad.reason)
	}
	return nil
}

func (f folder) openChunk(chunk uint64) (*os.File, error) {
	file, err := os.Open(f.name(chunk, chunkFile))
	if err != nil {
		return nil, f.fileError(chunk, chunkFile, err)
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
