package immutable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
)

// A file that takes all that is written but cannot be forced to the disk is an
// error when it is to be: by a call, at the end of a chunk and at the end.
func TestFileWithoutSync(t *testing.T) {
	for name, file := range map[string]func(*chunkFiles) *disk.File{
		"chunk":     func(f *chunkFiles) *disk.File { return &f.chunk },
		"secondary": func(f *chunkFiles) *disk.File { return &f.secondary },
		"primary":   func(f *chunkFiles) *disk.File { return &f.primary },
	} {
		for how, use := range map[string]func(db *DB, next ledger.Block) error{
			"Sync":   func(db *DB, _ ledger.Block) error { return db.Sync() },
			"Append": (*DB).Append,
			"Close":  func(db *DB, _ ledger.Block) error { return db.Close() },
		} {
			db, blocks, next := appended(t)
			null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			f := file(db.writer.files)
			(*f).Close()
			*f = null
			if err := use(db, next); !errors.Is(err, syscall.EINVAL) {
				t.Errorf("%s: no %s file can be forced to the disk: %v", how, name, err)
			}
			if db.Tip() != blocks[len(blocks)-1].Header.Tip() {
				t.Errorf("%s: tip is %v", how, db.Tip())
			}
			db.Close()
		}
	}
}

// A folder in place of a file, or a file in place of the folder, is no damage
// wherever it is met, but what the system says it is.
func TestFolderForFile(t *testing.T) {
	db, blocks, _ := appended(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	dir, last := db.dir, db.chunkOf(blocks[len(blocks)-1].Header.Slot)
	o := Options{Network: db.network}
	wantCause := func(what string, err error, cause error) {
		t.Helper()
		if !errors.Is(err, cause) || errors.As(err, new(*DamageError)) || !strings.HasPrefix(fmt.Sprint(err), "immutable: ") {
			t.Errorf("%s: %v, want %v", what, err, cause)
		}
	}
	// replaced calls use while a folder stands in place of a file, one with so
	// many names in it that it is longer than an entry.
	replaced := func(name string, use func()) {
		t.Helper()
		if err := os.Rename(name, name+".away"); err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			if err := os.MkdirAll(filepath.Join(name, fmt.Sprint(i)), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		use()
		if err := os.RemoveAll(name); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(name+".away", name); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []string{secondaryFile, primaryFile} {
		replaced(db.name(last-1, kind), func() {
			_, _, err := db.seek(last-1, ledger.Point{Slot: ledger.Slot((last-1)*db.slots + 5)})
			wantCause("seek, "+kind, err, syscall.EISDIR)
			_, err = db.readIndex(last - 1)
			wantCause("readIndex, "+kind, err, syscall.EISDIR)
		})
	}
	replaced(db.name(last-1, secondaryFile), func() {
		_, _, err := db.lastHash(last - 1)
		wantCause("lastHash", err, syscall.EISDIR)
	})
	replaced(db.name(last-1, primaryFile), func() {
		wantCause("checkEmpty", db.checkEmpty(last-1), syscall.EISDIR)
	})
	for _, kind := range []string{chunkFile, secondaryFile, primaryFile} {
		replaced(db.name(last, kind), func() {
			_, err := OpenAppend(dir, o)
			wantCause("OpenAppend, "+kind, err, syscall.EISDIR)
		})
	}
	replaced(filepath.Join(dir, lockName), func() {
		_, err := OpenAppend(dir, o)
		wantCause("lock", err, syscall.EISDIR)
		if want := fmt.Sprintf("immutable: cannot lock %[1]s: open %[1]s: is a directory", filepath.Join(dir, lockName)); err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	})
	file := db.name(0, chunkFile)
	_, err := Open(file, o)
	wantCause("Open", err, syscall.ENOTDIR)
	_, err = OpenAppend(file, o)
	wantCause("OpenAppend", err, syscall.ENOTDIR)
	f := folder{dir: file, slots: db.slots, disk: disk.OS}
	_, err = f.readSecondary(0)
	wantCause("readSecondary", err, syscall.ENOTDIR)
	_, err = f.openChunk(0)
	wantCause("openChunk", err, syscall.ENOTDIR)
	_, _, err = f.lastHash(0)
	wantCause("lastHash", err, syscall.ENOTDIR)
	wantCause("checkEmpty", f.checkEmpty(0), syscall.ENOTDIR)
	wantCause("checkPrimary", f.checkPrimary(&index{}), syscall.ENOTDIR)
	wantCause("remove", f.remove(0), syscall.ENOTDIR)
	_, _, err = f.seek(0, ledger.Point{Slot: 5})
	wantCause("seek", err, syscall.ENOTDIR)
	_, err = f.readEntries(0, 0, nil)
	wantCause("readEntries", err, syscall.ENOTDIR)
	_, err = openChunkFiles(f, 0, 0)
	wantCause("openChunkFiles", err, syscall.ENOTDIR)
	wantCause("roll", (&writer{}).roll(folder{dir: filepath.Join(file, "none"), slots: db.slots, disk: disk.OS}, 0, 0), syscall.ENOTDIR)
}
