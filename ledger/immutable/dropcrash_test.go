package immutable

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/internal/testing/disktest"
	"github.com/ouronet/ouronet/ledger"
)

// SetFiles has chunks be dropped from another file system.
func (db *DB) SetFiles(files disk.FS) { db.disk = files }

// Who began to look at a chunk before the one before it was dropped needs no link to that.
func TestDropLink(t *testing.T) {
	n := chaintest.Network()
	n.Eras[ledger.Byron].EpochLength = 100
	db, err := OpenAppend(t.TempDir(), Options{Network: n})
	if err != nil {
		t.Fatal(err)
	}
	appending := db
	defer appending.Close()
	for _, b := range chaintest.NewGenerator(chaintest.Config{Network: n}).Blocks(40) {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	s := db.state.Load()
	db = &DB{folder: db.folder, network: n} // which has no index at hand
	db.state.Store(s)
	x, err := db.readIndex(1)
	if err != nil || x.len() == 0 {
		t.Fatal(err)
	}
	if err := db.remove(0); err != nil {
		t.Fatal(err)
	}
	if err := db.checkLink(0, x); !errors.As(err, new(*DamageError)) {
		t.Errorf("a chunk that was not dropped is missing: %v", err)
	}
	later := *s
	later.firstChunk = 1
	db.state.Store(&later)
	if err := db.checkLink(0, x); err != nil {
		t.Errorf("a chunk was dropped: %v", err)
	}
}

// A crash of the machine while chunks are dropped leaves no chunk of which a part is
// there, once the folder is opened: all of them, or those from the first one that stays.
func TestDropCrash(t *testing.T) {
	whole := false
	disktest.Crashes(t, disktest.Trial{
		Run: func(f *disktest.FS) {
			db := folder{dir: "db", disk: f}
			if err := f.MkdirAll("db", 0o755); err != nil {
				t.Fatal(err)
			}
			for chunk := range uint64(5) {
				for _, kind := range kinds {
					file, err := f.OpenFile(db.name(chunk, kind), os.O_WRONLY|os.O_CREATE, 0o644)
					if err != nil {
						t.Fatal(err)
					}
					if err := file.Close(); err != nil {
						t.Fatal(err)
					}
				}
			}
			if disk.SyncDir(f, "db") != nil || disk.SyncDir(f, ".") != nil {
				t.Fatal("cannot be synced")
			}
			whole = true
			for _, first := range []uint64{2, 3} {
				if err := db.announceDrop(first); err != nil {
					t.Fatal(err)
				}
				if err := db.finishDrop(); err != nil {
					t.Fatal(err)
				}
			}
		},
		Check: func(c *disktest.Crash) error {
			if !whole {
				return nil
			}
			if err := (folder{dir: "db", disk: c.FS}).finishDrop(); err != nil {
				return err
			}
			entries, err := c.ReadDir("db")
			if err != nil {
				return err
			}
			var all []string
			for _, e := range entries {
				if e.Name() != droppingName+".new" {
					all = append(all, e.Name())
				}
			}
			for _, first := range []int{0, 2, 3} {
				var want []string
				for chunk := first; chunk < 5; chunk++ {
					for _, kind := range []string{chunkFile, primaryFile, secondaryFile} {
						want = append(want, fmt.Sprintf("%05d.%s", chunk, kind))
					}
				}
				if strings.Join(all, " ") == strings.Join(want, " ") {
					return nil
				}
			}
			return fmt.Errorf("there are %v", all)
		},
		Again: 3,
	})
}
