package immutable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/ouronet/ouronet/ledger"
)

// Options says what is in a folder.
type Options struct {
	// Network is the network of the chain. It is required.
	Network ledger.Network
}

// DB is an ImmutableDB folder. All methods may be called by many goroutines at
// once; readers see a block as soon as [DB.Append] returned.
type DB struct {
	folder
	network ledger.Network
	state   atomic.Pointer[state]
	cache   cache
	writer  *writer // nil when read-only
	removed int64   // bytes, by OpenAppend
}

// state is what changes when a block is appended; a state itself never does.
type state struct {
	// head is the index of the last chunk that has blocks, nil when the folder
	// has none.
	head *index

	// tip is the last header, without its bytes.
	tip ledger.Header

	firstChunk uint64
	first      ledger.Point
	fromOrigin bool // first has no predecessor
}

// Open opens a folder for reading. It reads the index of the last chunk and
// checks its last block; the rest is checked when it is read.
//
// What another process appends later is not seen. For a folder whose last
// chunk was being written see the package comment; any other damage that is
// found is a [*DamageError].
func Open(dir string, o Options) (*DB, error) {
	f, err := newFolder(dir, o.Network)
	if err != nil {
		return nil, err
	}
	chunks, err := f.list(chunkFile)
	if err != nil {
		return nil, err
	}
	if len(chunks) == 0 {
		return nil, fmt.Errorf("immutable: no chunk files in %s%s", dir, hint(dir))
	}
	db := &DB{folder: f, network: o.Network}
	s := &state{}
	for _, chunk := range slices.Backward(chunks) {
		if s.head, s.tip, err = db.readTail(chunk); err != nil {
			return nil, err
		}
		if s.head != nil {
			break
		}
	}
	if err := db.start(s, chunks[0]); err != nil {
		return nil, err
	}
	return db, nil
}

// hint helps who named the folder above the right one.
func hint(dir string) string {
	if info, err := os.Stat(filepath.Join(dir, "immutable")); err == nil && info.IsDir() {
		return ": did you mean its folder immutable?"
	}
	return ": name the folder that holds 00000.chunk"
}

// start finds the first block and makes s the state; first is the lowest chunk.
func (db *DB) start(s *state, first uint64) error {
	db.state.Store(s)
	if s.head == nil {
		return nil
	}
	s.firstChunk = first
	c := cursor{db: db, chunk: first}
	defer c.close()
	if err := c.next(); err != nil {
		return err
	}
	h, err := db.readHeader(&db.network, c.file, c.x, c.i)
	if err != nil {
		return err
	}
	s.first, s.fromOrigin = h.Point(), !h.HasPrev
	return nil
}

// readTail reads the index of a chunk that may end anywhere, up to the last
// complete block. The result is nil if there is none.
func (db *DB) readTail(chunk uint64) (*index, ledger.Header, error) {
	if _, err := os.Stat(db.name(chunk, secondaryFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, ledger.Header{}, nil
	}
	x, err := db.readSecondary(chunk)
	if err != nil {
		return nil, ledger.Header{}, err
	}
	file, err := db.openChunk(chunk)
	if err != nil {
		return nil, ledger.Header{}, err
	}
	defer file.Close()

	known := false // x.end is where the last block ends
	for ; x.len() > 0; x.raw = x.raw[:len(x.raw)-entrySize] {
		offset := int64(x.entry(x.len() - 1).offset)
		if offset < 0 || offset >= x.end {
			continue
		}
		if !known {
			end, err := db.blockEnd(file, chunk, offset, x.end)
			if err != nil {
				return nil, ledger.Header{}, err
			}
			if known = true; end == 0 {
				x.end = offset
				continue
			}
			x.end = end
		}
		break
	}
	if x.len() == 0 {
		return nil, ledger.Header{}, nil
	}
	if err := db.checkIndex(x); err != nil {
		return nil, ledger.Header{}, err
	}
	raw, err := db.readBlock(file, x, x.len()-1)
	if err != nil {
		return nil, ledger.Header{}, err
	}
	h, err := db.parseHeader(&db.network, x, x.len()-1, raw, int64(len(raw)))
	h.Raw.Bytes = nil
	return x, h, err
}

// Tip returns the last block, the zero Tip if there is none.
func (db *DB) Tip() ledger.Tip {
	s := db.state.Load()
	return s.tip.Tip()
}

// First returns the first block, [ledger.Origin] if there is none. A folder
// need not start where the chain does.
func (db *DB) First() ledger.Point { return db.state.Load().first }

// Close ends appending: what was appended is forced to the disk and the folder
// is unlocked. Reading remains possible.
func (db *DB) Close() error {
	if db.writer == nil {
		return nil
	}
	return db.writer.close()
}
