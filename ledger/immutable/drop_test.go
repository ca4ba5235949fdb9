package immutable_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// newest has chunks dropped up to the last one.
var newest = ledger.Point{Slot: 1 << 40}

// rolling is a chain for a folder that is cut off at its beginning.
func rolling(n int) []ledger.Block {
	return chaintest.NewGenerator(chaintest.Config{Network: smallChunks()}).Blocks(n)
}

// beginsAt checks that the folder has all blocks from one on, and none before.
func beginsAt(t *testing.T, db *immutable.DB, blocks []ledger.Block, first int) {
	t.Helper()
	if db.First() != blocks[first].Header.Point() {
		t.Fatalf("begins at %v, want block %d", db.First(), first)
	}
	n := first
	for raw, err := range db.BlocksFrom(db.First()) {
		if err != nil || string(raw) != string(blocks[n].Raw) {
			t.Fatalf("block %d: %v", n, err)
		}
		n++
	}
	if n != len(blocks) {
		t.Errorf("ends after block %d of %d", n, len(blocks))
	}
	for i, b := range blocks {
		if ok, err := db.Contains(b.Header.Point()); ok != (i >= first) || err != nil {
			t.Errorf("has block %d: %t, %v", i, ok, err)
		}
	}
	if ok, err := db.Contains(ledger.Origin); ok != (first == 0) || err != nil {
		t.Errorf("has the origin: %t, %v", ok, err)
	}
}

func position(t *testing.T, blocks []ledger.Block, p ledger.Point) int {
	t.Helper()
	for i := range blocks {
		if blocks[i].Header.Point() == p {
			return i
		}
	}
	t.Fatalf("%v is not on the chain", p)
	return 0
}

// Chunks are dropped whole, as late as can be, and what stays is a folder that begins
// later.
func TestDrop(t *testing.T) {
	const keep = 60
	blocks := rolling(300)
	dir := t.TempDir()
	db := openAppend(t, dir, smallChunks())
	first, drops := 0, 0
	for i, b := range blocks {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
		n, err := db.Drop(keep, newest)
		if err != nil {
			t.Fatal(err)
		}
		at := position(t, blocks, db.First())
		if (n > 0) != (at > first) || i+1-at < min(keep, i+1) {
			t.Fatalf("%d chunks dropped after block %d, begins at block %d, before at %d", n, i, at, first)
		}
		if first = at; n > 0 {
			drops++
			beginsAt(t, db, blocks[:i+1], first)
		}
		// One chunk of at most 100 slots more, and the one being written.
		if oldest := blocks[first].Header.Slot; i > 200 && blocks[i-keep].Header.Slot > oldest+300 {
			t.Fatalf("begins in slot %d, and %d blocks are from slot %d on", oldest, keep, blocks[i-keep].Header.Slot)
		}
	}
	if drops < 5 {
		t.Errorf("dropped %d times", drops)
	}
	if n, err := db.Drop(1, newest); n != 0 || err != nil {
		t.Errorf("in the same chunk: %d, %v", n, err)
	}
	old, at := blocks[0].Header.Point(), blocks[first].Header.Point()
	if r, err := db.Range(context.Background(), old, at); r != nil || err != nil {
		t.Errorf("a range from before: %v", err)
	}
	if _, err := db.Block(old); !errors.Is(err, immutable.ErrNotFound) {
		t.Errorf("a block from before: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Drop(1, newest); !errors.Is(err, immutable.ErrReadOnly) {
		t.Errorf("closed: %v", err)
	}
	beginsAt(t, open(t, dir, smallChunks()), blocks, first)
	again := openAppend(t, dir, smallChunks())
	defer again.Close()
	beginsAt(t, again, blocks, first)
	if _, err := again.Drop(1, newest); err != nil {
		t.Fatal(err)
	}
	last := position(t, blocks, again.First())
	if blocks[last].Header.Slot/100 != blocks[len(blocks)-1].Header.Slot/100 {
		t.Errorf("with all but one block dropped, begins at block %d", last)
	}
	beginsAt(t, again, blocks, last)
}

// Chunks are dropped at once, and removed a few at a time; none from the chunk of a given
// block on is dropped.
func TestDropBySteps(t *testing.T) {
	blocks := rolling(600)
	dir := t.TempDir()
	db := openAppend(t, dir, smallChunks())
	defer db.Close()
	for _, b := range blocks {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	files := func() int {
		t.Helper()
		names, err := filepath.Glob(filepath.Join(dir, "*.chunk"))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	if n, err := db.Drop(20, ledger.Origin); n != 0 || err != nil {
		t.Fatalf("%d chunks dropped before the origin, %v", n, err)
	}
	before, until := files(), blocks[500].Header.Point()
	next := chaintest.NewGenerator(chaintest.Config{Network: smallChunks()})
	next.Blocks(len(blocks))
	for slot := blocks[599].Header.Slot; slot/100 == blocks[599].Header.Slot/100; { // the next chunk begins
		b := next.Next()
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
		blocks, slot = append(blocks, b), b.Header.Slot
	}
	before++
	n, err := db.Drop(20, until)
	if err != nil || n < 17 {
		t.Fatalf("%d chunks dropped, %v", n, err)
	}
	for left := n; ; {
		first := position(t, blocks, db.First())
		if until.Slot/100 != blocks[first].Header.Slot/100 {
			t.Fatalf("begins at block %d", first)
		}
		beginsAt(t, db, blocks, first)
		left = max(0, left-16)
		if got := files(); got != before-n+left {
			t.Fatalf("%d chunks are there, want %d", got, before-n+left)
		}
		if left == 0 {
			break
		}
		if n, err := db.Drop(20, newest); n != 0 || err != nil {
			t.Fatalf("%d more dropped, %v", n, err)
		}
	}
}

// Readers under way get whole blocks until one is gone, and are told that it is.
func TestDropWhileRead(t *testing.T) {
	blocks := rolling(400)
	db := openAppend(t, t.TempDir(), smallChunks())
	defer db.Close()
	for _, b := range blocks[:100] {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	var readers sync.WaitGroup
	ended := make(chan struct{})
	reads := []func(at int) error{
		func(at int) error {
			n := at
			for raw, err := range db.BlocksFrom(blocks[at].Header.Point()) {
				if err != nil {
					return err
				}
				if string(raw) != string(blocks[n].Raw) {
					return fmt.Errorf("block %d is another", n)
				}
				n++
			}
			return nil
		},
		func(at int) error {
			n := at
			for h, err := range db.HeadersFrom(blocks[at].Header.Point()) {
				if err != nil {
					return err
				}
				if h.Hash != blocks[n].Header.Hash {
					return fmt.Errorf("header %d is another", n)
				}
				n++
			}
			return nil
		},
		func(at int) error {
			_, err := db.Contains(blocks[at].Header.Point())
			return err
		},
		func(at int) error {
			_, err := db.Block(blocks[at].Header.Point())
			return err
		},
	}
	for i := range reads {
		readers.Go(func() {
			for at := 0; ; at = (at + 7) % 100 {
				if err := reads[i](position(t, blocks, db.First()) + at%10); err != nil && !errors.Is(err, immutable.ErrNotFound) {
					t.Errorf("reader %d: %v", i, err)
					return
				}
				select {
				case <-ended:
					return
				default:
				}
			}
		})
	}
	slow := db.BlocksFrom(blocks[0].Header.Point())
	read := 0
	for _, err := range slow {
		if read++; read == 1 {
			for _, b := range blocks[100:] {
				if err := db.Append(b); err != nil {
					t.Fatal(err)
				}
				if _, err := db.Drop(20, newest); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err != nil {
			if !errors.Is(err, immutable.ErrNotFound) {
				t.Errorf("block %d: %v", read, err)
			}
			read = -1
			break
		}
	}
	if read >= 0 {
		t.Errorf("%d blocks were read of a chain of which few are there", read)
	}
	close(ended)
	readers.Wait()
}

// broken is a file system that fails from an operation on.
type broken struct {
	disk.FS
	left *int
}

func (b broken) fails() error {
	if *b.left--; *b.left < 0 {
		return syscall.EIO
	}
	return nil
}

func (b broken) OpenFile(name string, flag int, perm fs.FileMode) (disk.File, error) {
	if flag != os.O_RDONLY {
		if err := b.fails(); err != nil {
			return nil, err
		}
	}
	return b.FS.OpenFile(name, flag, perm)
}

func (b broken) Rename(from, to string) error {
	if err := b.fails(); err != nil {
		return err
	}
	return b.FS.Rename(from, to)
}

func (b broken) Remove(name string) error {
	if err := b.fails(); err != nil {
		return err
	}
	return b.FS.Remove(name)
}

// Wherever dropping ends, the folder has its chain from a chunk on, for who reads it and
// for who appends, and the DB can go on.
func TestDropInterrupted(t *testing.T) {
	blocks := rolling(100)
	whole := t.TempDir()
	appendAll(t, whole, smallChunks(), blocks)
	for ops := 0; ; ops++ {
		dir := filepath.Join(t.TempDir(), "db")
		if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		db := openAppend(t, dir, smallChunks())
		left := ops
		db.SetFiles(broken{disk.OS, &left})
		n, err := db.Drop(60, newest)
		if (err == nil) != (left >= 0) {
			t.Fatalf("%d operations: %v", ops, err)
		}
		first := position(t, blocks, db.First())
		beginsAt(t, db, blocks, first)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		beginsAt(t, open(t, dir, smallChunks()), blocks, first)
		again := openAppend(t, copied, smallChunks())
		beginsAt(t, again, blocks, first)
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(copied, "ouronet.dropping")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d operations: the number is still there: %v", ops, err)
		}
		if err == nil && left >= 0 {
			if n < 2 || ops < 8 {
				t.Errorf("%d chunks, %d operations", n, ops)
			}
			return
		}
	}
}

// A number that cannot be read removes nothing.
func TestDropUnreadable(t *testing.T) {
	dir := t.TempDir()
	appendAll(t, dir, smallChunks(), rolling(30))
	name := filepath.Join(dir, "ouronet.dropping")
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := folderFiles(t, dir)
	if _, err := immutable.OpenAppend(dir, immutable.Options{Network: smallChunks()}); err == nil {
		t.Error("opened")
	}
	if after := folderFiles(t, dir); len(after) != len(before) {
		t.Errorf("%d files of %d", len(after), len(before))
	}
}
