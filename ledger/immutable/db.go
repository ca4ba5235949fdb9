package immutable

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync/atomic"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
)

// Options describes a folder.
type Options struct {
	// Network is the network of the chain. It is required.
	Network ledger.Network

	// Owned says that the caller has locked the folder above, as package folder does.
	// [OpenAppend] takes that lock itself otherwise, where cardano-node left one.
	Owned bool

	// Disk is where the files are; nil is the operating system's. Other values are for
	// this module's own tests, and are not locked.
	Disk disk.FS
}

// DB is an ImmutableDB folder. All methods may be called by many goroutines at
// once; readers see a block as soon as [DB.Append] returned.
type DB struct {
	folder
	network ledger.Network
	state   atomic.Pointer[state]
	cache   cache
	lender  lender
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

// Open opens a folder for reading. It looks at the names and sizes of all files,
// reads the indexes of the last two chunks and checks the first and the last block;
// the rest is checked when it is read.
//
// Blocks that another process appends later are not visible. For a folder whose last
// chunk was being written see the package comment; any other damage that is found is a
// [*DamageError]. A folder of another network is a [*NetworkError]: by the file
// protocolMagicId that cardano-node keeps beside the folder, or by the first block.
func Open(dir string, o Options) (*DB, error) {
	f, err := newFolder(dir, o.Network, o.Disk)
	if err != nil {
		return nil, err
	}
	r := recognizer{folder: f, network: &o.Network}
	if err := r.marker(); err != nil {
		return nil, err
	}
	chunks, err := f.survey()
	if err != nil {
		return nil, err
	}
	r.measure(chunks)
	if !slices.ContainsFunc(chunks, func(s sizes) bool { return s.chunk >= 0 }) {
		return nil, fmt.Errorf("immutable: no chunk files in %s: %s", dir, f.hint())
	}
	if err := r.firstBlock(chunks); err != nil {
		return nil, err
	}
	db := &DB{folder: r.folder, network: o.Network}
	if err := db.findTail(chunks); err != nil {
		return nil, r.explain(err, chunks)
	}
	return db, nil
}

// findTail finds the last complete block and makes the state of it.
func (db *DB) findTail(chunks []sizes) (err error) {
	s := &state{}
	lost := 0
	for _, c := range slices.Backward(chunks) {
		if c.chunk < 0 {
			continue
		}
		if s.head, s.tip, err = db.readTail(c.number); err != nil {
			return err
		}
		if s.head != nil {
			break
		}
		if err := db.lose(&lost, c); err != nil {
			return err
		}
	}
	return db.start(s, chunks)
}

// maxLost is how many chunks a crash can spoil: the last one, and the one before
// if it was being finished.
const maxLost = 2

// lose counts a chunk at the end that has no good block.
func (f folder) lose(lost *int, s sizes) error {
	if s.chunk > 0 {
		*lost++
	}
	if *lost > maxLost {
		return f.damage(s.number, chunkFile, 0, "no good block in this chunk and in %d after it", maxLost)
	}
	return nil
}

// start makes s the state of a folder whose last good block is known. It checks
// the files that are not read yet, as far as names and sizes go, and finds the
// first block.
func (db *DB) start(s *state, chunks []sizes) error {
	db.state.Store(s)
	if s.head == nil {
		return nil
	}
	s.firstChunk = chunks[0].number
	if err := db.checkFinished(chunks, s.head.chunk); err != nil {
		return err
	}
	if err := db.checkLastTwo(s); err != nil {
		return err
	}
	c := cursor{db: db, chunk: s.firstChunk}
	head, err := readAhead(&c, nil, 1, endOfChain, headers)
	if err != nil {
		return err
	}
	h, err := db.parseHead(head[0])
	if err != nil {
		return err
	}
	s.first, s.fromOrigin = h.Point(), !h.HasPrev
	switch reason := cannotBeFirst(&db.network, &h); {
	case reason != "":
		return db.damage(c.chunk, chunkFile, 0, "block %v: %s", h.Point(), reason)
	case !s.fromOrigin && c.chunk > s.firstChunk:
		return db.damage(s.firstChunk, chunkFile, 0, "no blocks, but %v, the first one after it, has a predecessor", h.Point())
	}
	return nil
}

// checkLastTwo checks the last chunk with blocks before the one of the tip, and
// that the latter follows it.
func (db *DB) checkLastTwo(s *state) error {
	for chunk := s.head.chunk; chunk > s.firstChunk; {
		chunk--
		if x, err := db.index(chunk); err != nil {
			return err
		} else if x.len() > 0 {
			break
		}
	}
	return db.checkLink(s.firstChunk, s.head)
}

// readTail reads the index of a chunk that may end anywhere, up to the last
// complete block. The result is nil if there is none.
func (db *DB) readTail(chunk uint64) (*index, ledger.Header, error) {
	if _, err := db.disk.Stat(db.name(chunk, secondaryFile)); errors.Is(err, fs.ErrNotExist) {
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

// Close ends appending: appended blocks are forced to the disk and the folder is
// unlocked. Reading remains possible.
func (db *DB) Close() error {
	if db.writer == nil {
		return nil
	}
	return db.writer.close()
}
