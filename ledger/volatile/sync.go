package volatile

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/ouronet/ouronet/internal/disk"
)

// Sync forces all that was put before it to the disk. Blocks may be put meanwhile.
func (db *DB) Sync() error {
	db.syncing.Lock()
	defer db.syncing.Unlock()
	db.writing.Lock()
	if err := db.writable(); err != nil {
		db.writing.Unlock()
		return err
	}
	files, newName := db.unsynced(), db.newName
	for _, f := range files {
		f.unsynced = false
	}
	db.newName = false
	db.writing.Unlock()

	left, err := db.force(files, newName)
	if err == nil {
		return nil
	}
	db.writing.Lock()
	defer db.writing.Unlock()
	for _, f := range left {
		f.unsynced = true
	}
	db.newName = db.newName || newName
	if openError(err) {
		return fmt.Errorf("volatile: %w", err) // nothing is lost: it can be tried again
	}
	return db.fail(err)
}

// sync is Sync for those who hold the locks.
func (db *DB) sync() error {
	if err := db.writable(); err != nil {
		return err
	}
	files := db.unsynced()
	left, err := db.force(files, db.newName)
	for _, f := range files {
		f.unsynced = slices.Contains(left, f)
	}
	if err != nil {
		if openError(err) {
			return fmt.Errorf("volatile: %w", err)
		}
		return db.fail(err)
	}
	db.newName = false
	return nil
}

// unsynced returns the files with bytes that were not synced, in order. db.writing is
// held.
func (db *DB) unsynced() (files []*file) {
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, f := range db.files { // sorted below
		if f.unsynced {
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b *file) int { return cmp.Compare(a.number, b.number) })
	return files
}

// openingError is that of opening a file or folder: nothing was synced, or lost.
type openingError struct{ error }

// Unwrap returns why it could not be opened.
func (e openingError) Unwrap() error { return e.error }

func openError(err error) bool { return errors.As(err, new(openingError)) }

// force syncs files, and then the folder if it has new names. It returns those that
// it left out after an error. db.syncing is held, and so no file is removed.
func (db *DB) force(files []*file, newName bool) (left []*file, err error) {
	for i, f := range files {
		db.mu.Lock()
		handle, err := db.pin(f)
		db.mu.Unlock()
		if err != nil {
			return files[i:], openingError{err}
		}
		err = handle.Sync()
		db.release(f)
		if err != nil {
			return files[i:], err
		}
	}
	if !newName {
		return nil, nil
	}
	dir, err := db.disk.OpenDir(db.dir)
	if err != nil {
		return nil, openingError{err}
	}
	return nil, errors.Join(dir.Sync(), dir.Close())
}

// pin opens a file if it is not, and keeps it open until release. db.mu is held.
func (db *DB) pin(f *file) (disk.File, error) {
	for f.handle == nil {
		if db.open >= maxOpen && !db.evict() {
			db.idle.Wait()
			continue
		}
		if err := db.openFile(f); err != nil {
			return nil, err
		}
	}
	f.readers++
	return f.handle, nil
}

// openFile opens a file. It may have to be synced, for which Windows wants it to be
// open for writing. db.mu is held.
func (db *DB) openFile(f *file) error {
	flag := os.O_RDWR
	if db.readOnly {
		flag = os.O_RDONLY
	}
	handle, err := db.disk.OpenFile(db.name(f.number), flag, 0)
	if err != nil {
		return err
	}
	f.handle = handle
	db.open++
	return nil
}
