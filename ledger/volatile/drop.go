package volatile

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"

	"github.com/ouronet/ouronet/ledger"
)

// Drop gives up blocks: those that are immutable and synced elsewhere, and those
// that were abandoned. A file without any other block is removed, unless it is the
// one that is written, and files with few others are merged: afterwards there
// are no more than 2 n / [Options.MaxBlocks] + 3 files for n blocks. Blocks that are not
// there are passed over.
//
// When a file cannot be removed, its blocks are dropped all the same, and the error is a
// [*RemoveError]: blocks can be put and synced, and the next call tries again. There may
// be more files until one succeeds. When a file cannot be opened, the next call tries
// again, too. When files cannot be merged for another reason, the error is as of
// [DB.Put].
func (db *DB) Drop(points ...ledger.Point) error {
	db.syncing.Lock()
	defer db.syncing.Unlock()
	db.writing.Lock()
	defer db.writing.Unlock()
	if err := db.writable(); err != nil {
		return err
	}
	db.mu.Lock()
	for _, p := range points {
		if e, ok := db.entries[p]; ok && !e.dropped {
			e.dropped = true
			db.entries[p] = e
			db.files[e.file].live--
			db.count(-1, e)
		}
	}
	db.mu.Unlock()
	if db.merged != nil {
		if err := db.move(db.merged); err != nil {
			return err
		}
	}
	var empty []*file
	db.mu.Lock()
	for _, f := range db.files { // sorted below
		if f.live == 0 && f != db.current {
			empty = append(empty, f)
		}
	}
	db.mu.Unlock()
	slices.SortFunc(empty, func(a, b *file) int { return cmp.Compare(a.number, b.number) })
	var err error
	for _, f := range empty {
		err = errors.Join(err, db.remove(f))
	}
	if err != nil {
		return err
	}
	return db.compact()
}

// remove removes a file and what is known of its blocks. A crash may undo the removal,
// which matters once one of the blocks is put again: the second one would be cut off,
// with all after it. So the next sync forces the names in the folder, too.
func (db *DB) remove(f *file) error {
	db.mu.Lock()
	for f.readers > 0 { // of blocks that were dropped since: there are no new ones
		db.idle.Wait()
	}
	err := db.closeFile(f)
	db.mu.Unlock()
	if err == nil {
		err = db.disk.Remove(db.name(f.number))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &RemoveError{err}
	}
	db.newName = true
	db.mu.Lock()
	defer db.mu.Unlock()
	delete(db.files, f.number)
	for p, e := range db.entries { // any order
		if e.file == f.number {
			delete(db.entries, p)
		}
	}
	return nil
}
