package relay

import (
	"errors"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/ledger"
)

func TestStoreFull(t *testing.T) {
	w := newStoreWorld(t, 1, false)
	w.store.keep = 20_000
	for {
		err := w.store.Extend(w.gen.Next())
		if w.store.Bytes() > w.store.keep {
			t.Fatalf("%d bytes", w.store.Bytes())
		}
		if err != nil {
			if !errors.Is(err, ErrFull) || w.store.Bytes() < w.store.keep-2500 {
				t.Errorf("%v at %d bytes", err, w.store.Bytes())
			}
			return
		}
	}
}

// What was stored is there after a restart; what was in memory is fetched again.
func TestStoreRestart(t *testing.T) {
	w := newStoreWorld(t, 3, true)
	for range 5 {
		w.extend(20)
		w.rollBack(2)
		if err := w.store.db.Close(); err != nil {
			t.Fatal(err)
		}
		w.open()
		n := w.below
		if got := w.store.Tip().Point; got != w.point(n) {
			t.Fatalf("tip %v, want %v", got, w.point(n))
		}
		gen, err := w.gen.Fork(w.point(n))
		if err != nil {
			t.Fatal(err)
		}
		w.gen, w.chain, w.old = gen, w.chain[:n:n], nil
		r := &reader{f: newFollower(w.store), cut: 1 << 30}
		for w.read(r) {
		}
		for range 20 {
			w.fetch()
			w.intersect(r)
			w.read(r)
		}
	}
}

// A rollback below what can be rolled back is an error, not a wrong chain.
func TestStoreRollBackTooFar(t *testing.T) {
	for _, folder := range []bool{false, true} {
		w := newStoreWorld(t, 4, folder)
		w.extend(40)
		tip := w.store.Tip()
		if err := w.store.RollBack(ledger.Point{Slot: 1}); err == nil {
			t.Error("no error")
		}
		if folder {
			if err := w.store.RollBack(w.point(10)); err == nil {
				t.Error("no error")
			}
		}
		if w.store.Tip() != tip {
			t.Errorf("tip %v", w.store.Tip())
		}
	}
}

// A reader that stands on a fork is rolled back to where it begins, over
// several switches, and only once.
func TestFollowerOnFork(t *testing.T) {
	w := newStoreWorld(t, 8, true) // k is 9
	w.extend(30)
	r := &reader{f: newFollower(w.store), cut: 1 << 30}
	for w.read(r) {
	}
	w.rollBack(3)
	w.extend(4)
	w.rollBack(6)
	w.extend(8)
	u, err := r.f.Next(t.Context())
	if back, ok := u.(chainsync.RollBackward); err != nil || !ok || back.Point != w.point(25) || back.Tip != w.store.Tip() {
		t.Fatalf("%v, %v, want a rollback to %v", u, err, w.point(25))
	}
	r.chain = r.chain[:25]
	for w.read(r) {
	}
}

// Blocks that come and go count once.
func TestAdoptedAgainCountsOnce(t *testing.T) {
	blocks := chaingen.New(chaingen.Config{BlockSize: 1100}).Blocks(100)
	size := int64(0)
	for _, b := range blocks {
		size += int64(len(b.Raw))
	}
	s := newStore(nil, false, 2000, 2*size)
	extend := func(blocks []ledger.Block) {
		for _, b := range blocks {
			if err := s.Extend(b); err != nil {
				t.Fatal(err)
			}
		}
	}
	extend(blocks)
	for range 20 {
		if err := s.RollBack(blocks[9].Header.Point()); err != nil {
			t.Fatal(err)
		}
		extend(blocks[10:])
	}
	if got := s.Bytes(); got != size {
		t.Errorf("%d bytes in memory, want %d", got, size)
	}
}
