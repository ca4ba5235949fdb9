package immutable

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ouronet/ouronet/internal/disk"
)

// droppingName is there while chunks are dropped, and holds the number of the first one
// that stays. Files of chunks before that are no part of the chain any more; what a crash
// leaves of them is removed by OpenAppend. Without it, a chunk of which files are missing
// is damaged, also when it is the first one.
const droppingName = ownPrefix + "dropping"

// Drop removes the oldest chunks, as long as at least so many blocks stay, and returns
// how many it removed. The chain begins later then: see [DB.First]. Readers may be under
// way: what they have is theirs, and the next block that they would read of a removed
// chunk is [ErrNotFound]. Between two chunks that blocks are appended to, Drop returns at
// once.
//
// After an error nothing is lost but chunks that were to be dropped, and blocks can be
// appended; the next Drop, or [OpenAppend], removes what is left of them.
func (db *DB) Drop(keep uint64) (dropped int, err error) {
	w := db.writer
	if w == nil {
		return 0, ErrReadOnly
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := db.state.Load()
	switch {
	case w.err != nil:
		return 0, w.err
	case s.head == nil, w.looked && s.head.chunk == w.lookedAt:
		return 0, nil
	}
	w.looked, w.lookedAt = true, s.head.chunk
	chunks, err := db.survey()
	if err != nil {
		return 0, err
	}
	first, ok := db.firstToKeep(s, chunks, keep)
	if !ok {
		return 0, db.finishDrop() // of the last time, if it could not then
	}
	x, err := db.index(first)
	if err != nil {
		return 0, err
	}
	if err := db.announceDrop(first); err != nil {
		return 0, err
	}
	later := *s
	later.firstChunk, later.first, later.fromOrigin = first, x.point(0), false
	db.state.Store(&later)
	for _, c := range chunks {
		if c.number < first {
			dropped++
		}
	}
	return dropped, db.finishDrop()
}

// firstToKeep returns the first chunk that stays, which has blocks; ok is false if no
// chunk with blocks is before it.
func (db *DB) firstToKeep(s *state, chunks []sizes, keep uint64) (first uint64, ok bool) {
	first = s.head.chunk
	blocks := uint64(s.head.len())
	for _, c := range slices.Backward(chunks) {
		switch {
		case c.number >= s.head.chunk || c.secondary <= 0:
		case blocks >= keep:
			return first, true
		default:
			first = c.number
			blocks += uint64(c.secondary) / entrySize
		}
	}
	return 0, false
}

// announceDrop makes certain that the chunks before first are no part of the chain.
func (f folder) announceDrop(first uint64) error {
	err := disk.Replace(f.disk, filepath.Join(f.dir, droppingName), strconv.AppendUint(nil, first, 10))
	if err != nil {
		return fmt.Errorf("immutable: cannot drop chunks: %w", err)
	}
	return nil
}

// dropping returns the number of the first chunk that stays, 0 while none are dropped.
func (f folder) dropping() (first uint64, err error) {
	name := filepath.Join(f.dir, droppingName)
	b, err := disk.ReadFile(f.disk, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("immutable: %w", err)
	}
	text := strings.TrimSpace(string(b))
	if first, err = strconv.ParseUint(text, 10, 32); err != nil {
		return 0, fmt.Errorf("immutable: %s says %.20q, not the number of a chunk: remove that file, and all files of the chunks before the first whole one", name, text)
	}
	return first, nil
}

// finishDrop removes the files of the chunks before the first one that stays, if chunks
// are being dropped. That their names are gone is certain before the number is.
func (f folder) finishDrop() error {
	first, err := f.dropping()
	if err != nil || first == 0 {
		return err
	}
	entries, err := f.disk.ReadDir(f.dir)
	if err != nil {
		return fmt.Errorf("immutable: %w", err)
	}
	for _, e := range entries {
		if chunk, ok := ChunkOf(e.Name()); ok && chunk < first {
			err = errors.Join(err, unlessGone(f.disk.Remove(filepath.Join(f.dir, e.Name()))))
		}
	}
	if err == nil {
		err = disk.SyncDir(f.disk, f.dir)
	}
	if err == nil {
		err = unlessGone(f.disk.Remove(filepath.Join(f.dir, droppingName)))
	}
	if err == nil {
		err = disk.SyncDir(f.disk, f.dir)
	}
	if err != nil {
		return fmt.Errorf("immutable: cannot drop chunks: %w", err)
	}
	return nil
}

func unlessGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
