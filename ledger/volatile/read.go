package volatile

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"slices"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
)

// Get returns a block, or [ErrNotFound]. It is one read; the bytes are the caller's
// and have the checksum of those that were put. A [*DamageError] says that the file
// has changed.
func (db *DB) Get(p ledger.Point) (ledger.Block, error) {
	e, raw, err := db.read(p, func(e entry) uint32 { return e.size })
	if err != nil {
		return ledger.Block{}, err
	}
	if crc32.ChecksumIEEE(raw) != e.crc {
		return ledger.Block{}, db.damage(e, "block %v has another CRC-32 than before", p)
	}
	b, err := db.network.ParseBlock(raw)
	if err != nil {
		return ledger.Block{}, db.damage(e, "block %v: %v", p, err)
	}
	return b, nil
}

// Headers returns the headers of all blocks that are there when it is called, by
// slot, and the lower number first in a slot, so that each comes after those it
// builds on. Bodies are not read; each header is checked against its hash. The bytes
// are the caller's. What is dropped meanwhile is left out; an error ends the
// sequence.
func (db *DB) Headers() iter.Seq2[ledger.Header, error] {
	return func(yield func(ledger.Header, error) bool) {
		for _, p := range db.points() {
			h, err := db.header(p)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if !yield(h, err) || err != nil {
				return
			}
		}
	}
}

// points returns the blocks that are there in the order of Headers.
func (db *DB) points() []ledger.Point {
	type key struct {
		p ledger.Point
		e entry
	}
	db.mu.Lock()
	keys := make([]key, 0, len(db.entries))
	for p, e := range db.entries { // any order
		if !e.dropped {
			keys = append(keys, key{p, e})
		}
	}
	db.mu.Unlock()
	slices.SortFunc(keys, func(a, b key) int {
		boundary := func(k key) int { // comes before the block in its slot
			if k.e.ebb {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.p.Slot, b.p.Slot), cmp.Compare(boundary(a), boundary(b)),
			cmp.Compare(a.e.file, b.e.file), cmp.Compare(a.e.offset, b.e.offset))
	})
	points := make([]ledger.Point, len(keys))
	for i, k := range keys {
		points[i] = k.p
	}
	return points
}

// header reads the header of a block.
func (db *DB) header(p ledger.Point) (ledger.Header, error) {
	e, raw, err := db.read(p, func(e entry) uint32 { return e.header })
	if err != nil {
		return ledger.Header{}, err
	}
	head, err := ledger.RawBlock(raw).Header()
	if err != nil {
		return ledger.Header{}, db.damage(e, "block %v: %v", p, err)
	}
	if head.Era == ledger.Byron {
		head.SizeHint = e.size
	}
	h, err := db.network.ParseHeader(head)
	if err != nil {
		return ledger.Header{}, db.damage(e, "block %v: %v", p, err)
	}
	if h.Point() != p {
		return ledger.Header{}, db.damage(e, "block %v is here, and was %v", h.Point(), p)
	}
	return h, nil
}

func (db *DB) damage(e entry, format string, args ...any) error {
	return &DamageError{db.name(e.file), e.offset, fmt.Sprintf(format, args...)}
}

// read reads the first bytes of a block.
func (db *DB) read(p ledger.Point, size func(entry) uint32) (entry, []byte, error) {
	e, f, handle, err := db.acquire(p)
	if err != nil {
		return e, nil, err
	}
	raw := make([]byte, size(e))
	n, err := handle.ReadAt(raw, e.offset)
	db.release(f)
	switch {
	case n == len(raw):
		return e, raw, nil
	case err == io.EOF:
		return e, nil, db.damage(e, "the file ends in block %v", p)
	}
	return e, nil, fmt.Errorf("volatile: %w", err)
}

// acquire finds a block and its file, which stays open until release.
func (db *DB) acquire(p ledger.Point) (entry, *file, disk.File, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	for {
		e, ok := db.entries[p]
		switch {
		case db.closed:
			return e, nil, nil, ErrClosed
		case !ok || e.dropped:
			return e, nil, nil, fmt.Errorf("%w: %v", ErrNotFound, p)
		}
		f := db.files[e.file]
		if f.handle == nil {
			if db.open >= maxOpen && !db.evict() {
				db.idle.Wait()
				continue // it may have been dropped
			}
			if err := db.openFile(f); err != nil {
				return e, nil, nil, fmt.Errorf("volatile: %w", err)
			}
		}
		f.readers++
		return e, f, f.handle, nil
	}
}

func (db *DB) release(f *file) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if f.readers--; f.readers == 0 {
		db.idle.Broadcast()
	}
}

// evict closes a file that is not being read nor written, if there is one; db.mu is
// held. Which one makes no difference: few are open, and reads go from old to new.
func (db *DB) evict() bool {
	for _, f := range db.files { // any order
		written := f.number+1 == db.next // or full; db.current is the writer's
		if f.handle != nil && f.readers == 0 && !written {
			db.closeFile(f)
			return true
		}
	}
	return false
}

// makeRoom waits until one more file may be opened. db.mu is held.
func (db *DB) makeRoom() {
	for db.open >= maxOpen && !db.evict() {
		db.idle.Wait()
	}
}
