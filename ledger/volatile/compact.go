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
		copied, err := db.move(sparse)
		switch {
		case err != nil && copied:
			return db.fail(err) // nothing may be put behind copies of what is still in a file before
		case err != nil:
			return fmt.Errorf("volatile: %w", err)
		}
	}
}

// move appends the blocks of a file to the current one and removes the file. Until the
// removal lasts they are there twice, and opening the folder cuts off the copies:
// so nothing is put behind them before. It reports whether something was copied.
func (db *DB) move(f *file) (copied bool, err error) {
	type block struct {
		p ledger.Point
		e entry
	}
	var blocks []block
	db.mu.Lock()
	for p, e := range db.entries { // sorted below
		if e.file == f.number && !e.dropped {
			blocks = append(blocks, block{p, e})
		}
	}
	db.mu.Unlock()
	slices.SortFunc(blocks, func(a, b block) int { return cmp.Compare(a.e.offset, b.e.offset) })
	for i, b := range blocks {
		e, raw, err := db.read(b.p, func(e entry) uint32 { return e.size })
		if err != nil {
			return copied, err
		}
		if crc32.ChecksumIEEE(raw) != e.crc {
			return copied, db.damage(e, "block %v has another CRC-32 than before", b.p)
		}
		if err := db.room(); err != nil {
			return copied, err
		}
		to := db.current
		copied = true // or a part of it
		if _, err := to.handle.WriteAt(raw, to.size); err != nil {
			return copied, err
		}
		to.unsynced = true
		blocks[i].e.file, blocks[i].e.offset = to.number, to.size
		db.mu.Lock()
		to.size += int64(len(raw))
		to.blocks++
		db.mu.Unlock()
	}
	if err := db.sync(); err != nil {
		return copied, err
	}
	db.mu.Lock()
	for _, b := range blocks {
		db.entries[b.p] = b.e
		db.files[b.e.file].live++
		f.live--
	}
	db.mu.Unlock()
	if err := db.remove(f); err != nil {
		return copied, fmt.Errorf("blocks were copied, but: %w", err)
	}
	return copied, db.sync()
}
