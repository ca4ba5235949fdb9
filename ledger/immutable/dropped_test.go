package immutable

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
)

// drop makes a chunk the first one, and removes the files of those before it.
func drop(t *testing.T, db *DB, first uint64) {
	t.Helper()
	s := *db.state.Load()
	s.firstChunk, s.fromOrigin = first, false
	db.state.Store(&s)
	for chunk := range first {
		for _, kind := range kinds {
			if err := os.Remove(db.name(chunk, kind)); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
		}
	}
}

// beforeOpen does something before a file is opened.
type beforeOpen struct {
	disk.FS
	do func()
}

func (b beforeOpen) OpenFile(name string, flag int, perm fs.FileMode) (disk.File, error) {
	b.do()
	return b.FS.OpenFile(name, flag, perm)
}

// threeChunks returns a folder of three chunks, the first of which has 8 blocks or more.
func threeChunks(t *testing.T) (*DB, []ledger.Block) {
	t.Helper()
	n := chaintest.Network()
	n.Eras[ledger.Byron].EpochLength = 400
	stored := chaintest.NewGenerator(chaintest.Config{BlockSize: 1, Network: n}).Blocks(60)
	db, err := OpenAppend(t.TempDir(), Options{Network: n})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, b := range stored {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	if db.chunkOf(stored[7].Header.Slot) != 0 || db.state.Load().head.chunk < 2 {
		t.Fatal("the chunks are not as they should be")
	}
	return db, stored
}

// Who reads a chunk while it is dropped gets what was read ahead, and then that the blocks
// are not there: no damage. Who reads later chunks does not notice.
func TestChunkDroppedWhileRead(t *testing.T) {
	for _, taken := range []int{1, 3, 6} { // of the first chunk, which has more
		db, stored := threeChunks(t)
		last := db.state.Load().head.chunk
		p := stored[0].Header.Point()
		n, end := 0, error(nil)
		for raw, err := range db.BlocksAfter(ledger.Origin) {
			if end = err; err != nil {
				break
			}
			if string(raw) != string(stored[n].Raw) {
				t.Fatalf("block %d", n)
			}
			if n++; n == taken {
				drop(t, db, last)
			}
		}
		if !errors.Is(end, ErrNotFound) || n < taken || n > 2*taken {
			t.Errorf("dropped after %d blocks: %d, %v", taken, n, end)
		}
		if ok, err := db.Contains(p); ok || err != nil {
			t.Errorf("a dropped block: %v, %v", ok, err)
		}
		if _, err := db.NextHeaders(p, 3); !errors.Is(err, ErrNotFound) {
			t.Errorf("headers after a dropped block: %v", err)
		}
		at := stored[len(stored)-1].Header.Point()
		if raw, err := db.Block(at); err != nil || string(raw) != string(stored[len(stored)-1].Raw) {
			t.Errorf("the last block: %v", err)
		}
	}
	// Between a look at what is there and the reading of a file.
	db, stored := threeChunks(t)
	last := db.state.Load().head.chunk
	db.disk = beforeOpen{disk.OS, func() { drop(t, db, last) }}
	db.cache = cache{}
	if ok, err := db.Contains(stored[0].Header.Point()); ok || err != nil {
		t.Errorf("dropped while it is looked up: %v, %v", ok, err)
	}
	db, stored = threeChunks(t)
	last = db.state.Load().head.chunk
	db.disk = beforeOpen{disk.OS, func() { drop(t, db, last) }}
	if _, err := db.Block(stored[0].Header.Point()); !errors.Is(err, ErrNotFound) {
		t.Errorf("dropped while it is read: %v", err)
	}
}
