package immutable

import (
	"errors"
	"os"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
)

// broken is a file that cannot be read.
type broken struct{}

var errBroken = errors.New("the disk is broken")

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

// What cannot be read is not damaged: the error is that of the disk.
func TestReadError(t *testing.T) {
	n := chaintest.NewGenerator(chaintest.Config{}).Network()
	f := folder{dir: "dir", slots: 10, disk: disk.OS}
	x := &index{raw: entry{0, 3, 5, 1, ledger.Hash{1}, 4}.append(nil), end: 10}
	for what, read := range map[string]func() error{
		"piece":  func() error { _, err := f.readPiece(broken{}, x, 0, 5); return err },
		"block":  func() error { _, err := f.readBlock(broken{}, x, 0); return err },
		"header": func() error { _, err := f.readHeader(&n, broken{}, x, 0); return err },
		"end":    func() error { _, err := f.blockEnd(broken{}, 0, 0, 10); return err },
	} {
		if err := read(); !errors.Is(err, errBroken) || err.Error() != "immutable: "+errBroken.Error() {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A file that is shorter than its index says is damaged where it ends.
func TestReadBeyondEnd(t *testing.T) {
	f := folder{dir: "dir", slots: 10, disk: disk.OS}
	x := &index{chunk: 3}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(make([]byte, 7)); err != nil {
		t.Fatal(err)
	}
	for offset, want := range map[int64]int64{3: 7, 4: 7, 7: 7, 2: -1} {
		_, err := f.readAt(file, x, make([]byte, 5), offset)
		if want < 0 {
			if err != nil {
				t.Errorf("5 bytes at %d: %v", offset, err)
			}
			continue
		}
		if damage := wantDamage(t, err, f.name(3, chunkFile)); damage.Offset != want || damage.Reason != "the file ends inside a block" {
			t.Errorf("5 bytes at %d: %v", offset, err)
		}
	}
}

// An error of forcing blocks to the disk is returned, and nothing is appended after
// it.
func TestSyncError(t *testing.T) {
	g := chaintest.NewGenerator(chaintest.Config{})
	blocks := g.Blocks(2)
	for name, broken := range map[string]func(*chunkFiles) disk.File{
		"chunk":     func(f *chunkFiles) disk.File { return f.chunk },
		"secondary": func(f *chunkFiles) disk.File { return f.secondary },
		"primary":   func(f *chunkFiles) disk.File { return f.primary },
	} {
		db, err := OpenAppend(t.TempDir(), Options{Network: g.Network()})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Append(blocks[0]); err != nil {
			t.Fatal(err)
		}
		broken(db.writer.files).Close()
		if err := db.Sync(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s is closed: %v", name, err)
		}
		if err := db.Append(blocks[1]); !errors.Is(err, os.ErrClosed) || db.Tip() != blocks[0].Header.Tip() {
			t.Errorf("%s is closed: appended after an error: %v", name, err)
		}
		if err := db.Close(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s is closed: %v", name, err)
		}
	}
}

// appended returns a folder that is open for appending and has blocks, the last
// of them in the second chunk or a later one, and the block that begins the next
// chunk.
func appended(t *testing.T) (db *DB, blocks []ledger.Block, next ledger.Block) {
	t.Helper()
	g := chaintest.NewGenerator(chaintest.Config{})
	n := g.Network()
	n.Eras[ledger.Byron].EpochLength = 100
	db, err := OpenAppend(t.TempDir(), Options{Network: n})
	if err != nil {
		t.Fatal(err)
	}
	for {
		b := g.Next()
		if len(blocks) > 0 && db.chunkOf(blocks[len(blocks)-1].Header.Slot) > db.chunkOf(blocks[0].Header.Slot) &&
			db.chunkOf(b.Header.Slot) > db.chunkOf(blocks[len(blocks)-1].Header.Slot) {
			return db, blocks, b
		}
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, b)
	}
}
