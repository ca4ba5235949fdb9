package volatile

import (
	"errors"
	"fmt"
	"os"

	"github.com/ouronet/ouronet/ledger"
)

// Put stores a block, which must have passed [ledger.Block.CheckBody]. One that is
// there already is not stored again. It is not forced to the disk: see [DB.Sync].
//
// When no file can be opened, as when the process has too many, the folder is as
// before, and the block can be put later. When a file cannot be written or synced,
// this and all later calls that write return the error; opening the folder again
// cuts off what is not whole. Reading remains possible.
func (db *DB) Put(b ledger.Block) error {
	db.writing.Lock()
	defer db.writing.Unlock()
	if err := db.writable(); err != nil {
		return err
	}
	p := b.Header.Point()
	if db.revive(p) {
		return nil
	}
	e, err := newEntry(&b)
	if err != nil {
		return err
	}
	if err := db.room(); err != nil {
		return err
	}
	f := db.current
	if _, err := f.handle.WriteAt(b.Raw, f.size); err != nil {
		return db.fail(err)
	}
	f.unsynced = true
	db.mu.Lock()
	db.add(f, p, e)
	db.mu.Unlock()
	return nil
}

// writable returns why nothing can be written, or nil.
func (db *DB) writable() error {
	if db.err == nil && db.readOnly {
		return ErrReadOnly
	}
	return db.err
}

// fail keeps the first error: after it, what is in the files is not known.
func (db *DB) fail(err error) error {
	if err != nil && db.err == nil {
		db.err = fmt.Errorf("volatile: cannot write: %w", err)
	}
	return db.err
}

// revive reports whether a block is in a file already, and makes it one that was
// not dropped: a second one would be cut off when the folder is opened.
func (db *DB) revive(p ledger.Point) bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	e, ok := db.entries[p]
	if ok && e.dropped {
		e.dropped = false
		db.entries[p] = e
		db.files[e.file].live++
		db.count(1, e)
	}
	return ok
}

// room makes current a file with room for a block.
func (db *DB) room() error {
	if db.current != nil && db.current.blocks < db.maxBlocks {
		return nil
	}
	f := &file{number: db.next}
	if f.number+1 == 0 {
		return errors.New("volatile: no number is left for another file: open the folder again when it is empty")
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.makeRoom()
	handle, err := db.disk.OpenFile(db.name(f.number), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("volatile: %w", err)
	}
	f.handle = handle
	db.open++
	db.next++
	db.newName = true
	db.files[f.number] = f
	db.current = f
	return nil
}

// add appends a block to what is known of a file. db.mu is held.
func (db *DB) add(f *file, p ledger.Point, e entry) {
	e.file, e.offset = f.number, f.size
	f.size += int64(e.size)
	f.blocks++
	f.live++
	db.entries[p] = e
	db.count(1, e)
}

// count adds or takes away a block that was not dropped. db.mu is held.
func (db *DB) count(n int, e entry) {
	db.blocks += n
	db.bytes += int64(n) * int64(e.size)
}
