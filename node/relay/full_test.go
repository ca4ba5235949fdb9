package relay

import (
	"bytes"
	"errors"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
)

func TestStoreFull(t *testing.T) {
	w := newStoreWorld(t, 1, false)
	w.store.keep = 20_000
	for {
		err := w.decider.extend(w.gen.Next())
		if bytesOf(w.store) > w.store.keep {
			t.Fatalf("%d bytes", bytesOf(w.store))
		}
		if err != nil {
			if !errors.Is(err, ErrFull) || bytesOf(w.store) < w.store.keep-2500 {
				t.Errorf("%v at %d bytes", err, bytesOf(w.store))
			}
			return
		}
	}
}

// All is there after a restart, however the process ended: what can be rolled back, too,
// but for old forks.
func TestStoreRestart(t *testing.T) {
	for _, killed := range []bool{false, true} {
		w := newStoreWorld(t, 3, true)
		for range 5 {
			w.extend(20)
			w.rollBack(2)
			w.extend(3)
			if !killed {
				if err := w.store.vault.close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.store.db.Close(); err != nil { // or it stays locked
				t.Fatal(err)
			}
			w.open()
			if got := w.store.Tip().Point; got != w.point(len(w.chain)) {
				t.Fatalf("tip %v, want %v", got, w.point(len(w.chain)))
			}
			w.old = nil
			w.check()
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
}

// A rollback below what can be rolled back is an error, not a wrong chain.
func TestStoreRollBackTooFar(t *testing.T) {
	for _, folder := range []bool{false, true} {
		w := newStoreWorld(t, 4, folder)
		w.extend(40)
		tip := w.store.Tip()
		if err := w.decider.rollBack(ledger.Point{Slot: 1}); err == nil {
			t.Error("no error")
		}
		if folder {
			if err := w.decider.rollBack(w.point(10)); err == nil {
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
	blocks := chaintest.NewGenerator(chaintest.Config{BlockSize: 1100}).Blocks(100)
	size := int64(0)
	for _, b := range blocks {
		size += int64(len(b.Raw))
	}
	s := newStore(nil, 2*size)
	d := decider{s: s, k: 2000}
	extend := func(blocks []ledger.Block) {
		for _, b := range blocks {
			if err := d.extend(b); err != nil {
				t.Fatal(err)
			}
		}
	}
	extend(blocks)
	for range 20 {
		if err := d.rollBack(blocks[9].Header.Point()); err != nil {
			t.Fatal(err)
		}
		extend(blocks[10:])
	}
	if got := bytesOf(s); got != size {
		t.Errorf("%d bytes in memory, want %d", got, size)
	}
}

// However often the chain changes to and fro, a bounded number of blocks stays
// in memory, and the bound is never reached because of those left behind.
func TestSwitchesKeepNoMemory(t *testing.T) {
	const k = 10
	gen := chaintest.NewGenerator(chaintest.Config{BlockSize: 1100})
	trunk := gen.Blocks(2 * k)
	size := int64(0)
	for _, b := range trunk {
		size = max(size, int64(len(b.Raw)))
	}
	for _, keep := range []int64{0, size * (2*k + 2)} {
		s := newStore(nil, keep)
		d := decider{s: s, k: k}
		extend := func(blocks []ledger.Block) {
			t.Helper()
			for _, b := range blocks {
				if err := d.extend(b); err != nil {
					t.Fatal(err)
				}
			}
		}
		extend(trunk)
		stand := newFollower(s)
		for round := range 1000 {
			fork := trunk[k:]
			if round%3 > 0 { // a new one, and then the trunk again
				g, err := gen.Fork(trunk[k-1].Header.Point())
				if err != nil {
					t.Fatal(err)
				}
				fork = g.Blocks(k)
			}
			if err := d.rollBack(trunk[k-1].Header.Point()); err != nil {
				t.Fatal(err)
			}
			extend(fork)
			if round%100 == 0 { // one who stays where it is
				if _, _, err := stand.Intersect(t.Context(), []ledger.Point{s.Tip().Point}); err != nil {
					t.Fatal(err)
				}
			}
			if got, most := bytesOf(s), size*3*k; got > most || keep > 0 && s.ours > keep {
				t.Fatalf("%d bytes after %d switches", got, round+1)
			}
			if n := len(s.entries); n > 3*k {
				t.Fatalf("%d entries after %d switches", n, round+1)
			}
		}
		if e := stand.in; e == nil || e.state != abandoned || e.block.Raw != nil {
			t.Errorf("a follower on an old fork pins its blocks: %+v", e)
		}
	}
}

// A range costs the same however many blocks there are in memory: who asks for
// much holds nobody up, and keeps no list of it.
func TestLongRange(t *testing.T) {
	w := newStoreWorld(t, 8, false)
	w.extend(200)
	for _, from := range []ledger.Point{w.point(1), {Slot: 1}} {
		part := w.store.walk(from, w.point(200))
		if len(part.points) != w.store.batch || part.whole != (from == w.point(1)) {
			t.Errorf("from %v: %d points, whole %t", from, len(part.points), part.whole)
		}
	}
	blocks, err := w.store.Range(t.Context(), w.point(1), w.point(200))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for raw, err := range blocks {
		n++
		if err != nil || !bytes.Equal(raw, w.chain[n-1].Raw) {
			t.Fatalf("block %d: %v", n, err)
		}
		if n == 100 {
			w.decider.rollBack(w.point(195)) // the range goes on over what was abandoned
		}
	}
	if n != 200 {
		t.Errorf("%d blocks", n)
	}
	// It does not go on over another chain.
	w = newStoreWorld(t, 8, false)
	w.extend(200)
	if blocks, err = w.store.Range(t.Context(), w.point(1), w.point(200)); err != nil {
		t.Fatal(err)
	}
	n = 0
	for _, err := range blocks {
		switch n++; {
		case n == 100:
			w.rollBack(5)
			w.extend(30) // the fork is forgotten
		case n < 103 && err != nil, n >= 103 && !errors.Is(err, errForkGone):
			t.Errorf("block %d: %v", n, err)
		}
	}
	if n > 103 {
		t.Errorf("%d blocks of a range that ends on a forgotten fork", n)
	}
}

// With a folder, too, a range keeps no list of what is in memory, which is k blocks:
// it goes on with those that have come to the folder meanwhile.
func TestLongRangeWithFolder(t *testing.T) {
	for _, more := range []int{0, 1, 100, 250} {
		w := newStoreWorld(t, 8, true)
		w.k = 150
		w.extend(200)
		if part := w.store.walk(w.point(20), w.point(200)); len(part.points) > w.store.batch {
			t.Errorf("%d points", len(part.points))
		}
		blocks, err := w.store.Range(t.Context(), w.point(20), w.point(200))
		if err != nil {
			t.Fatal(err)
		}
		n := 19
		for raw, err := range blocks {
			n++
			if err != nil || !bytes.Equal(raw, w.chain[n-1].Raw) {
				t.Fatalf("%d blocks more: block %d: %v", more, n, err)
			}
			if n%60 == 0 {
				w.extend(more)
			}
		}
		if n != 200 {
			t.Errorf("%d blocks more: ends with block %d", more, n)
		}
	}
}

// A slow reader of a range gets what went to the folder meanwhile from there,
// and pins no block of a fork that is forgotten.
func TestSlowRange(t *testing.T) {
	w := newStoreWorld(t, 8, true) // k is 9
	w.extend(30)
	onChain, err := w.store.Range(t.Context(), w.point(25), w.point(30))
	if err != nil {
		t.Fatal(err)
	}
	w.rollBack(2)
	w.extend(1)
	onFork, err := w.store.Range(t.Context(), w.old[0].Header.Point(), w.old[1].Header.Point())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for raw, err := range onChain {
		switch n++; {
		case n <= w.store.batch && err != nil:
			t.Fatal(err)
		case n == 1:
			w.extend(30) // all but the fork's blocks are in the folder
		case n > w.store.batch:
			if !errors.Is(err, errForkGone) {
				t.Errorf("%d bytes and %v for a forgotten block", len(raw), err)
			}
		}
	}
	if n != w.store.batch+1 {
		t.Errorf("%d blocks", n)
	}
	for raw, err := range onFork {
		if !errors.Is(err, errForkGone) {
			t.Errorf("%d bytes of a forgotten fork, %v", len(raw), err)
		}
	}
}
