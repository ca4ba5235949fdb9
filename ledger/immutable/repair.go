package immutable

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/ouronet/ouronet/internal/disk"
)

// OpenAppend opens a folder for appending and reading, and makes it if it is not there.
// Only one process can do so at a time: another gets [ErrLocked], also while
// cardano-node runs on the folder. A folder without chunks must be empty, so that no
// chain begins among foreign files.
//
// Remains of a crash are removed: the chain ends before the first block of the last
// chunk that is not wholly written, that does not have the CRC-32 and hash of its index
// entry, or that does not follow the block before it. [DB.Removed] returns how many
// bytes that were. Damage that no crash explains, such as a file that is missing or a
// chunk that does not follow the one before it, is a [*DamageError], and nothing is
// removed. Nothing is removed either if the era of a block is not known, an
// [*ledger.UnknownEraError]. A folder of another network is a [*NetworkError], as with
// [Open].
func OpenAppend(dir string, o Options) (*DB, error) {
	f, err := newFolder(dir, o.Network, o.Disk)
	if err != nil {
		return nil, err
	}
	r := recognizer{folder: f, network: &o.Network}
	if err := r.marker(); err != nil {
		return nil, err
	}
	if err := disk.MakeFolder(f.disk, dir); err != nil {
		return nil, fmt.Errorf("immutable: %w", err)
	}
	chunks, err := f.survey()
	if err != nil {
		return nil, err
	}
	r.measure(chunks)
	if len(chunks) == 0 {
		err = f.checkUnused()
	} else {
		err = r.firstBlock(chunks)
	}
	if err != nil {
		return nil, err
	}
	unlock := func() error { return nil }
	if f.disk == disk.OS {
		if unlock, err = lock(dir, o.Owned); err != nil {
			return nil, err
		}
	}
	db := &DB{folder: r.folder, network: o.Network, writer: &writer{unlock: unlock}}
	err = db.finishDrop()
	if err == nil {
		err = db.repair()
	}
	if err != nil {
		return nil, errors.Join(r.explain(err, chunks), db.writer.files.close(), unlock())
	}
	return db, nil
}

// Removed returns how many bytes of chunk files [OpenAppend] removed.
func (db *DB) Removed() int64 { return db.removed }

// repair finds the last good block and removes what is after it.
func (db *DB) repair() error {
	s := &state{}
	db.state.Store(s)
	chunks, err := db.survey()
	if err != nil {
		return err
	}
	if len(chunks) == 0 {
		return nil
	}
	first := chunks[0].number
	for _, c := range slices.Backward(chunks) {
		if c.chunk > 0 || c.secondary > 0 {
			if err := db.checkFinished(chunks, c.number); err != nil {
				return err
			}
			break
		}
	}
	lost, good := 0, len(chunks)
	for ; good > 0; good-- {
		c := chunks[good-1]
		if s.head, s.tip, err = db.validate(first, c.number); err != nil {
			return err
		}
		if s.head != nil {
			break
		}
		if err := db.lose(&lost, c); err != nil {
			return err
		}
	}
	// Nothing is changed before the first block was found to be good.
	if err := db.start(s, chunks); err != nil {
		return err
	}
	for _, c := range slices.Backward(chunks[good:]) {
		db.removed += max(c.chunk, 0)
		if err := db.remove(c.number); err != nil {
			return err
		}
		// While a chunk has anything, those before it are held to be finished.
		if c.chunk > 0 || c.secondary > 0 {
			if err := disk.SyncDir(db.disk, db.dir); err != nil {
				return fmt.Errorf("immutable: %w", err)
			}
		}
	}
	if s.head != nil {
		db.removed += db.size(s.head.chunk) - s.head.end
		if err := db.writer.reopen(db.folder, s.head); err != nil {
			return err
		}
	}
	if err := disk.SyncDir(db.disk, db.dir); err != nil {
		return fmt.Errorf("immutable: %w", err)
	}
	return nil
}

func (f folder) remove(chunk uint64) error {
	for _, kind := range []string{primaryFile, secondaryFile, chunkFile} {
		if err := f.disk.Remove(f.name(chunk, kind)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("immutable: %w", err)
		}
	}
	return nil
}

// size returns the length of a chunk file, 0 if it is missing.
func (f folder) size(chunk uint64) int64 {
	info, err := f.disk.Stat(f.name(chunk, chunkFile))
	if err != nil {
		return 0
	}
	return info.Size()
}
