package volatile

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
)

// DefaultMaxBlocks is how many blocks cardano-node puts into one file.
// (ouroboros-consensus, Storage/VolatileDB/Impl.hs, defaultArgs)
const DefaultMaxBlocks = 1000

// maxOpen is how many files are open at a time, the one that is written included.
const maxOpen = 4

// Options says what is in a folder, and how to open it.
type Options struct {
	// Network is the network of the chain. It is required.
	Network ledger.Network

	// MaxBlocks is how many blocks go into one file; 0 means [DefaultMaxBlocks].
	// Files with more are no error.
	MaxBlocks int

	// ReadOnly leaves the folder as it is, such as that of a stopped
	// cardano-node. What would be cut off is ignored.
	ReadOnly bool

	// Disk is where the files are; nil is the operating system's. Others are for
	// this module's own tests.
	Disk disk.FS
}

// DB is an open folder. Which of its methods may overlap says the package comment.
type DB struct {
	disk      disk.FS
	dir       string
	network   ledger.Network
	maxBlocks int
	readOnly  bool
	cuts      []Cut

	// syncing is held while files are synced, removed or closed; it comes before
	// writing.
	syncing sync.Mutex

	// writing is held while something is written, removed or closed.
	writing sync.Mutex
	err     error  // why nothing can be written any more
	current *file  // where the next block goes; nil: into a new file
	next    uint32 // number of the next new file
	merged  *file  // its blocks are elsewhere, too, but it could not be removed
	newName bool   // a name was made in the folder, or removed, and that was not synced

	// mu guards what readers see; idle is told when a file is not read any more.
	mu      sync.Mutex
	idle    sync.Cond
	closed  bool
	files   map[uint32]*file
	entries map[ledger.Point]entry
	open    int // files with a handle
	blocks  int // not dropped
	bytes   int64
}

// file is one blocks-N.dat. All but its number is guarded by DB.mu; what the writer
// alone changes it may read without.
type file struct {
	number  uint32
	size    int64
	blocks  int // in the file
	live    int // of them not dropped
	handle  disk.File
	readers int

	unsynced bool // there are bytes that were not synced; guarded by DB.writing
}

// entry says where a block is.
type entry struct {
	offset  int64
	file    uint32
	size    uint32
	header  uint32 // where the header ends in the block
	crc     uint32 // CRC-32 (IEEE) of the block
	ebb     bool
	dropped bool // but its file is still there
}

// Open opens a folder, and makes it if it is not there and may be changed. It reads
// all blocks; the package comment says what it cuts off.
func Open(dir string, o Options) (*DB, error) {
	db := &DB{
		disk: o.Disk, dir: dir, network: o.Network, maxBlocks: o.MaxBlocks, readOnly: o.ReadOnly,
		files: make(map[uint32]*file), entries: make(map[ledger.Point]entry),
	}
	db.idle.L = &db.mu
	if o.Network.Eras[ledger.Byron].EpochLength == 0 {
		return nil, errors.New("volatile: no network: set Options.Network")
	}
	if o.MaxBlocks < 0 {
		return nil, fmt.Errorf("volatile: Options.MaxBlocks is %d", o.MaxBlocks)
	}
	if db.disk == nil {
		db.disk = disk.OS
	}
	if db.maxBlocks == 0 {
		db.maxBlocks = DefaultMaxBlocks
	}
	if !db.readOnly {
		if err := disk.MakeFolder(db.disk, dir); err != nil {
			return nil, fmt.Errorf("volatile: %w", err)
		}
	}
	if err := db.recover(); err != nil {
		return nil, err
	}
	return db, nil
}

// Has reports whether a block is there.
func (db *DB) Has(p ledger.Point) bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	e, ok := db.entries[p]
	return ok && !e.dropped
}

// Size is how much there is.
type Size struct {
	Blocks int   // that were not dropped
	Bytes  int64 // of them

	Stored      int   // blocks in files, dropped ones included
	StoredBytes int64 // length of all files
	Files       int   // on the disk, empty ones included
}

// Size returns how much there is, all of one moment.
func (db *DB) Size() Size {
	db.mu.Lock()
	defer db.mu.Unlock()
	s := Size{Blocks: db.blocks, Bytes: db.bytes, Stored: len(db.entries), Files: len(db.files)}
	for _, f := range db.files { // any order
		s.StoredBytes += f.size
	}
	return s
}

// Close syncs what was put and closes all files, after reads under way. Later calls
// return [ErrClosed].
func (db *DB) Close() error {
	db.syncing.Lock()
	defer db.syncing.Unlock()
	db.writing.Lock()
	defer db.writing.Unlock()
	err := db.sync()
	if errors.Is(err, ErrReadOnly) || errors.Is(err, ErrClosed) {
		err = nil
	}
	db.err = ErrClosed
	db.mu.Lock()
	defer db.mu.Unlock()
	db.closed = true
	for _, f := range db.files { // any order
		for f.readers > 0 {
			db.idle.Wait()
		}
		err = errors.Join(err, db.closeFile(f))
	}
	db.idle.Broadcast() // for those who wait to open one
	return err
}

// closeFile closes the handle of a file. db.mu is held.
func (db *DB) closeFile(f *file) error {
	if f.handle == nil {
		return nil
	}
	err := f.handle.Close()
	f.handle = nil
	db.open--
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}
