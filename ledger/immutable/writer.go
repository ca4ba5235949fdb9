package immutable

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
)

// writer holds the files of the chunk that is being written. What is written
// becomes part of the chain in this order: the bytes of the block, its
// secondary entry, its primary offsets. So an entry without its block, or a
// block without its entry, tells of a crash; the primary file can be computed.
type writer struct {
	unlock func() error

	mu      sync.Mutex
	err     error       // why nothing can be appended any more
	files   *chunkFiles // nil before the first block, and when none could be opened
	offsets uint64      // in the primary file
	scratch []byte      // what is written to it

	looked   bool // by Drop, while lookedAt was the last chunk
	lookedAt uint64
	dropping bool // some of what Drop dropped is still to be removed
}

// keptScratch is how much of scratch is kept: an offset for each slot of a chunk of the
// public networks.
const keptScratch = 1 << 17

// chunkFiles are the three open files of a chunk.
type chunkFiles struct{ chunk, secondary, primary disk.File }

func openChunkFiles(f folder, chunk uint64, flag int) (*chunkFiles, error) {
	var files chunkFiles
	for _, o := range []struct {
		file *disk.File
		kind string
	}{{&files.chunk, chunkFile}, {&files.secondary, secondaryFile}, {&files.primary, primaryFile}} {
		var err error
		if *o.file, err = f.disk.OpenFile(f.name(chunk, o.kind), os.O_RDWR|flag, 0o644); err != nil {
			files.close()
			return nil, fmt.Errorf("immutable: %w", err)
		}
	}
	return &files, nil
}

func (files *chunkFiles) sync() error {
	if files == nil {
		return nil
	}
	return errors.Join(files.chunk.Sync(), files.secondary.Sync(), files.primary.Sync())
}

func (files *chunkFiles) close() error {
	if files == nil {
		return nil
	}
	var err error
	for _, f := range []disk.File{files.chunk, files.secondary, files.primary} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

// write appends a block that leads from state s to next, completing next.head
// and e.
func (w *writer) write(f folder, s, next *state, e entry, raw ledger.RawBlock) error {
	x := next.head
	x.start = ledger.Slot(x.chunk * f.slots)
	if s.head != nil && w.files == nil {
		if err := w.reopen(f, s.head); err != nil {
			return err
		}
	}
	switch {
	case s.head == nil:
		if err := w.roll(f, next.firstChunk, x.chunk); err != nil {
			return err
		}
	case s.head.chunk < x.chunk:
		if err := w.finish(f, s.head); err != nil {
			return err
		}
		if err := w.roll(f, s.head.chunk+1, x.chunk); err != nil {
			return err
		}
	default:
		// Earlier states share the entries they know of; none is changed.
		x.ebb, x.raw, x.end = s.head.ebb, s.head.raw, s.head.end
	}
	e.offset = uint64(x.end)
	before := len(x.raw)
	x.raw = e.append(x.raw)
	x.end += int64(len(raw))

	if _, err := w.files.chunk.WriteAt(raw, int64(e.offset)); err != nil {
		return w.fail(err)
	}
	if _, err := w.files.secondary.WriteAt(x.raw[before:], int64(before)); err != nil {
		return w.fail(err)
	}
	slot := x.relativeSlot(x.len() - 1)
	w.scratch = appendOffsets(w.scratch[:0], before, slot+1-w.offsets)
	w.scratch = appendOffsets(w.scratch, len(x.raw), 1)
	if _, err := w.files.primary.WriteAt(w.scratch, primaryOffset(w.offsets)); err != nil {
		return w.fail(err)
	}
	w.offsets = slot + 2
	if cap(w.scratch) > keptScratch {
		w.scratch = nil
	}
	return nil
}

// reopen cuts the files of the last chunk to what its index says and opens them.
func (w *writer) reopen(f folder, x *index) error {
	files, err := openChunkFiles(f, x.chunk, os.O_CREATE)
	if err != nil {
		return err
	}
	w.files = files
	var primary []byte
	primary, w.offsets = x.primary()
	_, err = files.primary.WriteAt(primary, 0)
	return w.fail(errors.Join(err, files.primary.Truncate(int64(len(primary))),
		files.secondary.Truncate(int64(len(x.raw))), files.chunk.Truncate(x.end), files.sync()))
}

// finish fills the primary file of a chunk up to its end and forces the chunk
// to the disk.
func (w *writer) finish(f folder, x *index) error {
	rest := appendOffsets(nil, len(x.raw), f.slots+2-w.offsets)
	if _, err := w.files.primary.WriteAt(rest, primaryOffset(w.offsets)); err != nil {
		return w.fail(err)
	}
	sync := w.files.sync
	if x.len() == 0 { // nothing is in the other files, and one block can leave many chunks empty
		sync = w.files.primary.Sync
	}
	if err := sync(); err != nil {
		return w.fail(err)
	}
	err := w.files.close()
	w.files = nil
	return w.fail(err)
}

// roll starts chunk to, after empty ones beginning with from. When no more files
// can be opened, nothing of a block is written, and the next call tries again:
// it truncates what this one has made.
func (w *writer) roll(f folder, from, to uint64) error {
	dir, err := f.disk.OpenDir(f.dir)
	if err != nil {
		return fmt.Errorf("immutable: %w", err)
	}
	defer dir.Close()
	for chunk := from; ; chunk++ {
		files, err := openChunkFiles(f, chunk, os.O_CREATE|os.O_TRUNC)
		if err != nil {
			return err
		}
		w.files, w.offsets = files, 1
		if _, err := files.primary.WriteAt(appendOffsets([]byte{primaryVersion}, 0, 1), 0); err != nil {
			return w.fail(err)
		}
		if chunk == to {
			return w.fail(dir.Sync())
		}
		if err := w.finish(f, &index{}); err != nil {
			return err
		}
	}
}

// fail keeps the first error: after it, the files may be ahead of the state.
func (w *writer) fail(err error) error {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("immutable: cannot append: %w", err)
	}
	return w.err
}

func (w *writer) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if errors.Is(w.err, ErrReadOnly) {
		return nil // closed before
	}
	err := w.err
	if w.files != nil {
		err = errors.Join(err, w.files.sync(), w.files.close())
		w.files = nil
	}
	w.err = ErrReadOnly
	return errors.Join(err, w.unlock())
}
