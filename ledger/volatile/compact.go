package volatile

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/ouronet/ouronet/ledger"
)

// maxFiles is how many files there may be for so many blocks that were not dropped:
// twice as many as they fill, and three. A chain that grows needs one more than it
// fills.
func (db *DB) maxFiles() int { return 2*db.blocks/db.maxBlocks + 3 }

// compact moves blocks out of files with few of them, until there are no more files
// than there may be: a peer could have us keep one block in each of any number.
func (db *DB) compact() error {
	for {
		db.mu.Lock()
		var sparse *file
		if len(db.files) > db.maxFiles() {
			least := math.MaxInt
			for _, f := range db.files { // any order: no two have the same number
				if f != db.current && (f.live < least || f.live == least && f.number < sparse.number) {
					sparse, least = f, f.live
				}
			}
		}
		db.mu.Unlock()
		if sparse == nil {
			return nil
		}
		if err := db.move(sparse); err != nil {
			return err
		}
	}
}

// moving is a block that is to be moved, and where it goes.
type moving struct {
	p ledger.Point
	e entry
}

// move appends the blocks of a file to the current one and removes the file. Until the
// removal lasts they are there twice, and opening the folder cuts off the copies: so
// nothing is put behind them before. All that is needed is open before the first one is
// copied: when something cannot be opened, all is as before.
//
// If the file cannot be removed, a [*RemoveError], it is db.merged from then on: the next
// block goes into a new file, and no other file is removed before that one, so that what
// is in it and is put again is known to be there.
func (db *DB) move(f *file) error {
	blocks := db.in(f)
	to, err := db.targets(len(blocks))
	if err != nil {
		return err
	}
	if err := db.sync(); err != nil {
		return err
	}
	dir, err := db.disk.OpenDir(db.dir)
	if err != nil {
		return fmt.Errorf("volatile: %w", err)
	}
	defer dir.Close()
	if len(blocks) > 0 {
		copied, err := db.copy(f, to, blocks)
		switch {
		case err != nil && copied:
			return db.fail(err) // nothing may be put behind copies of what is still in a file before
		case err != nil:
			return fmt.Errorf("volatile: %w", err)
		}
		db.merged, db.current = f, nil
	}
	if err := db.remove(f); err != nil {
		return err
	}
	if err := dir.Sync(); err != nil {
		return db.fail(err)
	}
	db.newName, db.merged = false, nil
	if len(blocks) > 0 {
		db.current = to[len(to)-1]
	}
	return nil
}

// in returns the blocks of a file that were not dropped, in its order.
func (db *DB) in(f *file) (blocks []moving) {
	db.mu.Lock()
	defer db.mu.Unlock()
	for p, e := range db.entries { // sorted below
		if e.file == f.number && !e.dropped {
			blocks = append(blocks, moving{p, e})
		}
	}
	slices.SortFunc(blocks, func(a, b moving) int { return cmp.Compare(a.e.offset, b.e.offset) })
	return blocks
}

// targets returns one or two files with room for n blocks, the current one last.
func (db *DB) targets(n int) (to []*file, err error) {
	if n == 0 {
		return nil, nil
	}
	if err := db.room(); err != nil {
		return nil, err
	}
	first := db.current
	if db.maxBlocks-first.blocks >= n {
		return []*file{first}, nil
	}
	db.current = nil
	if err := db.room(); err != nil {
		db.current = first
		return nil, err
	}
	return []*file{first, db.current}, nil
}

// copy appends the blocks of a file to others and syncs these. It reports whether
// something was written.
func (db *DB) copy(from *file, to []*file, blocks []moving) (copied bool, err error) {
	for _, f := range append([]*file{from}, to...) {
		db.mu.Lock()
		_, err := db.pin(f)
		db.mu.Unlock()
		if err != nil {
			return false, err
		}
		defer db.release(f)
	}
	for i, b := range blocks {
		e, raw, err := db.read(b.p, func(e entry) uint32 { return e.size })
		if err != nil {
			return copied, err
		}
		if crc32.ChecksumIEEE(raw) != e.crc {
			return copied, db.damage(e, "block %v has another CRC-32 than before", b.p)
		}
		t := to[0]
		if t.blocks >= db.maxBlocks {
			t = to[len(to)-1]
		}
		copied = true // or a part of it
		if _, err := t.handle.WriteAt(raw, t.size); err != nil {
			return copied, err
		}
		t.unsynced = true
		blocks[i].e.file, blocks[i].e.offset = t.number, t.size
		db.mu.Lock()
		t.size += int64(len(raw))
		t.blocks++
		db.mu.Unlock()
	}
	for _, t := range to {
		if t.unsynced {
			if err := t.handle.Sync(); err != nil {
				return copied, err
			}
			t.unsynced = false
		}
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, b := range blocks {
		db.entries[b.p] = b.e
		db.files[b.e.file].live++
		from.live--
	}
	return copied, nil
}
