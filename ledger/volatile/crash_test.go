package volatile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"sync"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/disktest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// history is what a run has done to a folder: what must be there after a crash,
// and what may be.
type history struct {
	kill    bool // processes end without closing
	sparse  bool // one block of each file is kept
	checks  int
	options volatile.Options
	begun   map[ledger.Point]ledger.Block // ever put, or being put
	put     map[ledger.Point]bool         // not synced yet
	synced  map[ledger.Point]bool         // and not dropped since
}

func newHistory(max int) *history {
	h := &history{options: options(max)}
	h.begun, h.put, h.synced = map[ledger.Point]ledger.Block{}, map[ledger.Point]bool{}, map[ledger.Point]bool{}
	return h
}

func (h *history) open(f *disktest.FS) (*volatile.DB, error) {
	o := h.options
	o.Disk = f
	return volatile.Open("db/volatile", o)
}

func (h *history) doPut(db *volatile.DB, b ledger.Block) error {
	p := b.Header.Point()
	h.begun[p] = b
	err := db.Put(b)
	if err == nil && !h.synced[p] {
		h.put[p] = true
	}
	return err
}

func (h *history) doSync(db *volatile.DB) error {
	err := db.Sync()
	if err == nil {
		maps.Copy(h.synced, h.put)
		clear(h.put)
	}
	return err
}

func (h *history) doDrop(db *volatile.DB, blocks ...ledger.Block) error {
	for _, b := range blocks { // from now on they may be gone
		delete(h.put, b.Header.Point())
		delete(h.synced, b.Header.Point())
	}
	return db.Drop(points(blocks)...)
}

// check opens the folder after a crash: all that was synced is there, and nothing
// that was never put; what was cut off is gone, so that a second opening cuts nothing.
func (h *history) check(c *disktest.Crash) error {
	killed := c.Killed()
	var first []ledger.Point
	for again := range 2 {
		db, err := h.open(c.FS)
		if err != nil {
			return err
		}
		if again > 0 && len(db.Cuts()) > 0 {
			return fmt.Errorf("the second opening cuts %+v", db.Cuts())
		}
		for p := range h.synced {
			if !db.Has(p) {
				return fmt.Errorf("block %v was synced and is lost; cut: %+v", p, db.Cuts())
			}
		}
		for p := range h.put {
			if killed && !db.Has(p) {
				return fmt.Errorf("block %v was put and is lost though only the process ended", p)
			}
		}
		var got []ledger.Point
		for header, err := range db.Headers() {
			if err != nil {
				return err
			}
			got = append(got, header.Point())
			b, err := db.Get(header.Point())
			if err != nil {
				return err
			}
			if want, ok := h.begun[header.Point()]; !ok || !bytes.Equal(b.Raw, want.Raw) {
				return fmt.Errorf("block %v is there and was not put", header.Point())
			}
		}
		if again == 0 {
			first = got
		} else if fmt.Sprint(first) != fmt.Sprint(got) {
			return errors.New("the second opening finds other blocks")
		}
		if err := db.Close(); err != nil {
			return err
		}
	}
	if h.checks++; h.checks%8 > 0 {
		return nil
	}
	return h.goesOn(c)
}

// goesOn puts blocks into a folder that was opened after a crash: what is synced then
// lasts, and so does all that was found.
func (h *history) goesOn(c *disktest.Crash) error {
	db, err := h.open(c.FS)
	if err != nil {
		return err
	}
	for _, b := range goOn() {
		h.begun[b.Header.Point()] = b
		if err := db.Put(b); err != nil {
			return err
		}
	}
	if err := db.Sync(); err != nil {
		return err
	}
	for _, again := range c.Crashed(3, 4) {
		found, err := h.open(again.FS)
		if err != nil {
			return err
		}
		for h, err := range db.Headers() {
			if err != nil {
				return err
			}
			if !found.Has(h.Point()) {
				return fmt.Errorf("block %v was found after the first crash, or synced then, and is lost", h.Point())
			}
		}
		if err := found.Close(); err != nil {
			return err
		}
	}
	return db.Close()
}

// goOn are blocks of another chain.
var goOn = sync.OnceValue(func() []ledger.Block {
	return chaintest.NewGenerator(chaintest.Config{Seed: 9, Network: chaintest.AllEras(), BlockSize: 1}).Blocks(5)
})

// life puts, syncs and drops blocks, puts some of them again, and opens the folder again now and then. It goes on
// in spite of errors, after opening the folder again, but not when a sync failed:
// what that has lost shows at the next crash only.
func (h *history) life(f *disktest.FS, blocks []ledger.Block) {
	db, err := h.open(f)
	for i, b := range blocks {
		if err == nil {
			err = h.doPut(db, b)
		}
		switch {
		case err != nil:
		case i%3 == 1:
			err = h.doSync(db)
		case i%7 == 6 && i > 10: // a fork that was given up, and is adopted after all
			err = h.doPut(db, blocks[i-10])
			if err == nil {
				err = h.doPut(db, blocks[i-8])
			}
		case h.sparse && i%7 == 5:
			for j, b := range blocks[:i] {
				if j%4 != 0 && err == nil {
					err = h.doDrop(db, b)
				}
			}
		case i%7 == 5 && i > 9:
			err = h.doDrop(db, blocks[i-9:i-4]...)
		}
		if err == nil && i%11 != 8 {
			continue
		}
		if db != nil && (err != nil || !h.kill) {
			if closed := db.Close(); err == nil {
				err = closed
			}
		}
		if db = nil; ofSync(err) {
			return
		}
		db, err = h.open(f)
	}
	if err != nil {
		return
	}
	h.doSync(db)
	db.Close()
}

// TestPutAgain: blocks that were dropped with their file, and are put again, do not come
// twice when the removal of the file is undone.
func TestPutAgain(t *testing.T) {
	b := generated(9)
	h := newHistory(4)
	disktest.Crashes(t, disktest.Trial{
		Run: func(f *disktest.FS) {
			db, err := h.open(f)
			if err != nil {
				t.Fatal(err)
			}
			puts := func(blocks ...ledger.Block) {
				for _, b := range blocks {
					err = errors.Join(err, h.doPut(db, b))
				}
			}
			puts(b[:6]...)
			err = errors.Join(err, h.doSync(db), h.doDrop(db, b[:4]...))
			puts(b[0], b[6])
			err = errors.Join(err, h.doSync(db))
			puts(b[8])
			if err = errors.Join(err, db.Close()); err != nil {
				t.Error(err)
			}
		},
		Check: h.check,
	})
}

func ofSync(err error) bool {
	var e *fs.PathError
	return errors.As(err, &e) && (e.Op == "sync" || e.Op == "syncDir")
}

// TestCrashes: whatever a crash leaves after any operation, what was synced is found.
func TestCrashes(t *testing.T) {
	if testing.Short() {
		t.Skip("every crash of many runs")
	}
	for name, sparse := range map[string]bool{"dense": false, "sparse": true} {
		t.Run(name, func(t *testing.T) {
			blocks := generated(44)
			h := newHistory(4)
			h.kill, h.sparse = true, sparse
			n := disktest.Crashes(t, disktest.Trial{
				Run:   func(f *disktest.FS) { h.life(f, blocks) },
				Check: h.check,
				Again: 40,
				PerOp: 10,
			})
			if len(h.synced) < 10 || n < 500 {
				t.Errorf("%d blocks synced, %d crashes", len(h.synced), n)
			}
		})
	}
}

// TestFaults: an operation that fails loses nothing that was synced before, leaves no
// file open, and what can be mended is by opening the folder again.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("every fault of many runs")
	}
	for name, sparse := range map[string]bool{"dense": false, "sparse": true} {
		t.Run(name, func(t *testing.T) {
			blocks := generated(map[bool]int{false: 20, true: 40}[sparse])
			var h *history
			disktest.Faults(t, disktest.Trial{
				Run: func(f *disktest.FS) {
					h = newHistory(4)
					h.sparse = sparse
					h.life(f, blocks)
				},
				Check: func(c *disktest.Crash) error { return h.check(c) },
				PerOp: 3,
			})
		})
	}
}
