package volatile_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/disktest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// merging returns a DB that merges files when these points are dropped; kept are left.
func merging(t *testing.T, f *disktest.FS) (db *volatile.DB, kept []ledger.Block, drop []ledger.Point) {
	t.Helper()
	o := options(4)
	o.Disk = f
	db = open(t, "d", o)
	put(t, db, small()[:78]...)
	for i, b := range small()[:78] {
		if i%4 == 1 || i > 75 {
			kept = append(kept, b)
		} else {
			drop = append(drop, b.Header.Point())
		}
	}
	return db, kept, drop
}

// When no file can be opened while files are merged, at whichever step, blocks can be put
// and synced as soon as one can, and the next Drop merges them.
func TestMergeOpensNoFile(t *testing.T) {
	merged := false
	for at := 0; !merged; at++ {
		f := disktest.New()
		db, kept, drop := merging(t, f)
		before := db.Size().Files
		n, failed := 0, false
		f.Fail(func(op disktest.Op) error {
			if !strings.HasPrefix(op.Kind, "open") && op.Kind != "create" {
				return nil
			}
			if n++; n > at {
				failed = true
				return syscall.EMFILE
			}
			return nil
		})
		err := db.Drop(drop...)
		f.Fail(nil)
		if failed != errors.Is(err, syscall.EMFILE) {
			t.Fatalf("open %d fails (%t): %v", at, failed, err)
		}
		kept = append(kept, small()[100])
		put(t, db, small()[100])
		if err := db.Sync(); err != nil {
			t.Fatalf("open %d failed, then: %v", at, err)
		}
		if err := db.Drop(); err != nil {
			t.Fatalf("open %d failed, then: %v", at, err)
		}
		if merged = !failed; merged && (at == 0 || db.Size().Files >= before) {
			t.Errorf("%d files were opened; %d files, %d before", at, db.Size().Files, before)
		}
		has(t, db, kept...)
		for _, c := range f.Crashed(6, 1) {
			o := options(4)
			o.Disk, o.ReadOnly = c.FS, true
			again := open(t, "d", o)
			for _, b := range kept {
				if !again.Has(b.Header.Point()) {
					t.Errorf("open %d failed, then block %v is lost in a crash, %v", at, b.Header.Point(), c)
				}
			}
		}
	}
}

// A file that cannot be removed is removed by the next Drop that can. Blocks are put and
// synced meanwhile and survive a crash, also those that were moved out of it before.
func TestRemoveFails(t *testing.T) {
	f, h := disktest.New(), newHistory(4)
	db, err := h.open(f)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	blocks := small()[:78]
	for _, b := range blocks {
		if err := h.doPut(db, b); err != nil {
			t.Fatal(err)
		}
	}
	stuck := ""
	f.Fail(func(op disktest.Op) error {
		if op.Kind == "remove" && (stuck == "" || stuck == op.Name) {
			stuck = op.Name
			return syscall.EACCES
		}
		return nil
	})
	drop := func(want error, blocks ...ledger.Block) {
		t.Helper()
		if err := h.doDrop(db, blocks...); !errors.Is(err, want) || want != nil && !errors.As(err, new(*volatile.RemoveError)) {
			t.Fatalf("dropped: %v", err)
		}
	}
	lasts := func(blocks ...ledger.Block) {
		t.Helper()
		for _, b := range blocks {
			if err := h.doPut(db, b); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.doSync(db); err != nil {
			t.Fatal(err)
		}
		for _, c := range f.Crashed(6, 1) {
			if err := h.check(c); err != nil {
				t.Fatalf("crash, %v: %v", c, err)
			}
		}
	}
	var most []ledger.Block
	for i, b := range blocks[:76] {
		if i%4 != 1 {
			most = append(most, b)
		}
	}
	drop(syscall.EACCES, most...)
	lasts(small()[100])
	drop(syscall.EACCES, blocks[1], blocks[76], blocks[77]) // all in the file that blocks were moved to
	lasts(blocks[1], small()[101])
	drop(syscall.EACCES, blocks[1])
	lasts(blocks[0], blocks[76], small()[102])
	f.Fail(nil)
	drop(nil)
	lasts(blocks[2], small()[103])
	entries, err := f.ReadDir("db/volatile")
	if s := db.Size(); err != nil || len(entries) != s.Files || s.Files > 2*s.Blocks/4+4 {
		t.Errorf("%d files are left: %+v, %v", len(entries), s, err)
	}
}

// ignore returns errors that pass by themselves as nil.
func ignore(err error) error {
	if errors.As(err, new(*volatile.RemoveError)) || errors.Is(err, syscall.EMFILE) {
		return nil
	}
	return err
}

// Random blocks are put, dropped and put again while files cannot be removed or opened
// now and then: what was synced survives a crash at any time.
func TestFailingNow(t *testing.T) {
	merges := 0
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 7))
		mem := disktest.New()
		h := newHistory(2 + r.IntN(4))
		db, err := h.open(mem)
		if err != nil {
			t.Fatal(err)
		}
		remove, opening := r.IntN(100), r.IntN(30)
		fails := func(op disktest.Op) error {
			switch {
			case op.Kind == "remove" && r.IntN(100) < remove:
				merges++
				return syscall.EIO
			case (strings.HasPrefix(op.Kind, "open") || op.Kind == "create") && r.IntN(100) < opening:
				return syscall.EMFILE
			}
			return nil
		}
		blocks := small()
		var live, dropped []ledger.Block
		take := func(from *[]ledger.Block, most int) ledger.Block { // one of the last ones
			i := max(0, len(*from)-most) + r.IntN(min(len(*from), most))
			b := (*from)[i]
			*from = slices.Delete(*from, i, i+1)
			return b
		}
		for range 400 {
			mem.Fail(fails)
			switch n := r.IntN(100); {
			case n < 36:
				if err = h.doPut(db, blocks[0]); err == nil {
					live, blocks = append(live, blocks[0]), blocks[1:]
				}
			case n < 48 && len(dropped) > 0:
				b := take(&dropped, 30)
				if err = h.doPut(db, b); err == nil {
					live = append(live, b)
				}
			case n < 95 && len(live) > 0:
				b := take(&live, 40)
				dropped = append(dropped, b)
				err = h.doDrop(db, b)
			default:
				err = h.doSync(db)
			}
			mem.Fail(nil)
			if ignore(err) != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if r.IntN(16) > 0 {
				continue
			}
			for _, c := range mem.Crashed(4, seed) {
				if err := h.check(c); err != nil {
					t.Fatalf("seed %d, %v: %v", seed, c, err)
				}
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if merges < 100 {
		t.Errorf("%d removals failed", merges)
	}
}
