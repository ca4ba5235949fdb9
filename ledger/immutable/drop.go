package immutable

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
)

// droppingName is there while chunks are dropped, and holds the number of the first one
// that stays. Files of chunks before that are no part of the chain any more; what a crash
// leaves of them is removed by OpenAppend. Without it, a chunk of which files are missing
// is damaged, also when it is the first one.
const droppingName = ownPrefix + "dropping"

// dropAtOnce is how many chunks a call of Drop removes, so that it does not take long: all
// of mainnet are some 8,600.
const dropAtOnce = 16

// Drop drops the oldest chunks, as long as at least so many blocks stay, and those from
// the chunk of until on; it returns how many. The chain begins later then: see
// [DB.First]. Readers may run meanwhile: blocks that they have stay valid, and the next
// read from a dropped chunk returns [ErrNotFound].
//
// A call removes the files of 16 chunks at most; the next ones remove the others, and
// [OpenAppend] all that are left. When there are none, Drop returns at once between two
// chunks that blocks are appended to.
//
// After an error only chunks that were to be dropped are lost, and blocks can be
// appended; once the next chunk has begun, Drop tries again.
func (db *DB) Drop(keep uint64, until ledger.Point) (dropped int, err error) {
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
	case w.dropping:
		return 0, w.removeDropped(db.folder)
	case s.head == nil, w.looked && s.head.chunk == w.lookedAt:
		return 0, nil
	}
	w.looked, w.lookedAt = true, s.head.chunk
	chunks, err := db.survey()
	if err != nil {
		return 0, err
	}
	first, ok := db.firstToKeep(s, chunks, keep, until)
	if !ok {
		return 0, w.removeDropped(db.folder) // of the last time, if it could not then
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
	return dropped, w.removeDropped(db.folder)
}

// removeDropped removes some of the chunks that are dropped. w.mu is held.
func (w *writer) removeDropped(f folder) error {
	done, err := f.removeDropped(dropAtOnce)
	w.dropping = !done && err == nil
	return err
}

// firstToKeep returns the first chunk that stays, which has blocks; ok is false if no
// chunk with blocks is before it.
func (db *DB) firstToKeep(s *state, chunks []sizes, keep uint64, until ledger.Point) (first uint64, ok bool) {
	first = s.head.chunk
	blocks := uint64(s.head.len())
	for _, c := range slices.Backward(chunks) {
		switch {
		case c.number >= s.head.chunk || c.secondary <= 0:
		case blocks >= keep && first <= db.chunkOf(until.Slot):
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

// finishDrop removes all chunks that are being dropped.
func (f folder) finishDrop() error {
	_, err := f.removeDropped(math.MaxInt)
	return err
}

// removeDropped removes the files of up to so many chunks before the first one that stays,
// if chunks are being dropped, and reports whether none are left. That their names are gone
// is certain before the number is.
func (f folder) removeDropped(most int) (done bool, err error) {
	first, err := f.dropping()
	if err != nil || first == 0 {
		return err == nil, err
	}
	entries, err := f.disk.ReadDir(f.dir)
	if err != nil {
		return false, fmt.Errorf("immutable: %w", err)
	}
	left, chunks, last := false, 0, uint64(0)
	for _, e := range entries { // those of a chunk come together
		if chunk, ok := ChunkOf(e.Name()); ok && chunk < first {
			if chunks == 0 || chunk != last {
				chunks, last = chunks+1, chunk
			}
			if left = chunks > most; left {
				break
			}
			err = errors.Join(err, unlessGone(f.disk.Remove(filepath.Join(f.dir, e.Name()))))
		}
	}
	if err == nil && left {
		return false, nil
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
		return false, fmt.Errorf("immutable: cannot drop chunks: %w", err)
	}
	return true, nil
}

func unlessGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
