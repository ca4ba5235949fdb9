package immutable_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// leaveFree opens files until the process can open only n more. The result closes
// them.
func leaveFree(t *testing.T, n int) (release func()) {
	t.Helper()
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	low := old
	low.Cur = uint64(openFiles(t) + 50)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	var held []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if errors.Is(err, syscall.EMFILE) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, f)
	}
	for _, f := range held[:n] {
		f.Close()
	}
	return func() {
		for _, f := range held[n:] {
			f.Close()
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
			t.Fatal(err)
		}
	}
}

// A process that has too many files open goes on appending when it has fewer,
// and reading, whichever file was the one too many.
func TestTooManyOpenFiles(t *testing.T) {
	s := newStored(t)
	dir := t.TempDir()
	db := openAppend(t, dir, s.network)
	const needed = 4 // the folder and the files of a chunk
	appendWith := func(i, free int) error {
		defer leaveFree(t, free)()
		return db.Append(s.blocks[i])
	}
	for i, b := range s.blocks {
		if chunk := uint64(b.Header.Slot) / 100; i == 0 || i == s.before || chunk == 2 && uint64(s.blocks[i-1].Header.Slot)/100 == 1 {
			for free := range needed {
				if err := appendWith(i, free); !errors.Is(err, syscall.EMFILE) {
					t.Fatalf("block %d with %d files to open: %v", i, free, err)
				}
			}
			release := leaveFree(t, 0)
			if _, err := db.Header(s.blocks[0].Header.Point()); i > 0 && !errors.Is(err, syscall.EMFILE) {
				t.Errorf("reading without a file to open: %v", err)
			}
			release()
			if n := count(t, db, ledger.Origin); n != i {
				t.Errorf("%d blocks, want %d", n, i)
			}
		}
		if err := db.Append(b); err != nil {
			t.Fatalf("block %d: %v", i, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, s.network)
	release := leaveFree(t, 0)
	ok, err := again.Contains(s.blocks[s.before/2].Header.Point())
	release()
	if ok || !errors.Is(err, syscall.EMFILE) {
		t.Errorf("lookup without a file to open: %v, %v", ok, err)
	}
	if !maps.EqualFunc(folderFiles(t, dir), s.files, bytes.Equal) {
		t.Error("the files are not those of a process with enough of them")
	}
}

// When there is no room for a file, or for what it begins with, nothing is
// appended any more until the folder is opened again.
func TestDiskFull(t *testing.T) {
	s := newStored(t)
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no device that is full")
	}
	for _, kind := range []string{"chunk", "secondary", "primary"} {
		for at, chunk := range map[int]uint64{0: 0, s.before: s.last} {
			dir := t.TempDir()
			db := openAppend(t, dir, s.network)
			appendTo(t, db, s.blocks[:at])
			tip, full := db.Tip(), filepath.Join(dir, s.name(chunk, kind))
			if err := os.Symlink("/dev/full", full); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := db.Append(s.blocks[at]); !errors.Is(err, syscall.ENOSPC) || db.Tip() != tip {
					t.Errorf("no room for the %s file of chunk %d: %v, tip is %v", kind, chunk, err, db.Tip())
				}
			}
			if n := count(t, db, ledger.Origin); n != at {
				t.Errorf("%d blocks, want %d", n, at)
			}
			if err := db.Close(); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("closed after an error: %v", err)
			}
			if err := os.Remove(full); err != nil {
				t.Fatal(err)
			}
			s.repair(t, dir, at, "room again")
		}
	}
}

// A folder that is opened for appending by a process with too many files open is
// not opened, whichever file was the one too many, and no file stays open.
func TestOpenAppendTooManyFiles(t *testing.T) {
	s := newStored(t)
	dir := s.write(t, nil)
	before := openFiles(t)
	const needed = 5 // the lock, the files of a chunk and the folder
	for free := range needed {
		release := leaveFree(t, free)
		_, err := immutable.OpenAppend(dir, immutable.Options{Network: s.network})
		release()
		if !errors.Is(err, syscall.EMFILE) {
			t.Errorf("with %d files to open: %v", free, err)
		}
		if after := openFiles(t); after != before {
			t.Errorf("with %d files to open, %d are open, %d before", free, after, before)
		}
	}
	release := leaveFree(t, needed)
	db, err := immutable.OpenAppend(dir, immutable.Options{Network: s.network})
	release()
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(folderFiles(t, dir), s.files, bytes.Equal) {
		t.Error("the files have changed")
	}
}
