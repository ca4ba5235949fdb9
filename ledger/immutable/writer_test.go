package immutable

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
)

// After a block could not be written whole nothing is appended any more, what
// was there before can be read, and opening again repairs the folder.
func TestWriteError(t *testing.T) {
	g := chaintest.NewGenerator(chaintest.Config{})
	blocks := g.Blocks(20)
	for name, broken := range map[string]func(*chunkFiles) disk.File{
		"chunk":     func(f *chunkFiles) disk.File { return f.chunk },
		"secondary": func(f *chunkFiles) disk.File { return f.secondary },
		"primary":   func(f *chunkFiles) disk.File { return f.primary },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			db, err := OpenAppend(dir, Options{Network: g.Network()})
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range blocks[:10] {
				if err := db.Append(b); err != nil {
					t.Fatal(err)
				}
			}
			broken(db.writer.files).Close()
			if err := db.Append(blocks[10]); !errors.Is(err, os.ErrClosed) {
				t.Errorf("append to a closed file: %v", err)
			}
			if err := db.Append(blocks[10]); !errors.Is(err, os.ErrClosed) {
				t.Errorf("append after an error: %v", err)
			}
			if tip := db.Tip(); tip != blocks[9].Header.Tip() {
				t.Errorf("tip is %v", tip)
			}
			if err := db.Close(); !errors.Is(err, os.ErrClosed) {
				t.Errorf("close after an error: %v", err)
			}

			if db, err = OpenAppend(dir, Options{Network: g.Network()}); err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			next := int(db.Tip().BlockNo) + 1
			if next != 10 && !(next == 11 && name == "primary") {
				t.Errorf("next block is %d", next)
			}
			if want := int64(len(blocks[10].Raw)); name == "secondary" && db.Removed() != want {
				t.Errorf("%d bytes removed, want %d", db.Removed(), want)
			}
			for _, b := range blocks[next:] {
				if err := db.Append(b); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// Nor is anything appended after a chunk could not be finished.
func TestFinishError(t *testing.T) {
	g := chaintest.NewGenerator(chaintest.Config{})
	n := g.Network()
	n.Eras[ledger.Byron].EpochLength = 100
	blocks := g.Blocks(60)
	for name, broken := range map[string]func(*chunkFiles) disk.File{
		"chunk":     func(f *chunkFiles) disk.File { return f.chunk },
		"secondary": func(f *chunkFiles) disk.File { return f.secondary },
		"primary":   func(f *chunkFiles) disk.File { return f.primary },
	} {
		db, err := OpenAppend(t.TempDir(), Options{Network: n})
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for ; i == 0 || blocks[i].Header.Slot/100 == blocks[i-1].Header.Slot/100; i++ {
			if err := db.Append(blocks[i]); err != nil {
				t.Fatal(err)
			}
		}
		broken(db.writer.files).Close()
		for range 2 {
			if err := db.Append(blocks[i]); !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s is closed: %v", name, err)
			}
			if err := db.Sync(); !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s is closed, and forced to the disk: %v", name, err)
			}
		}
		if tip := db.Tip(); tip != blocks[i-1].Header.Tip() {
			t.Errorf("%s is closed: tip is %v", name, tip)
		}
		if err := db.Close(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s is closed: %v", name, err)
		}
	}
}

// A folder that cannot be listed is not an empty one.
func TestRepairWithoutFolder(t *testing.T) {
	n := chaintest.NewGenerator(chaintest.Config{}).Network()
	f, err := newFolder(filepath.Join(t.TempDir(), "none"), n, nil)
	if err != nil {
		t.Fatal(err)
	}
	db := &DB{folder: f, network: n, writer: &writer{}}
	if err := db.repair(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("repaired what is not there: %v", err)
	}
}
