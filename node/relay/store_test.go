package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// world is a store with what it should be: a list of blocks.
type world struct {
	t       *testing.T
	r       *rand.Rand
	dir     string
	store   *store
	decider // of store
	gen     *chaintest.Generator
	network ledger.Network
	chain   []ledger.Block
	old     []ledger.Block // rolled back
	below   int            // blocks of chain that cannot be rolled back

	readers []*reader
}

func bytesOf(s *store) int64 {
	_, _, bytes := s.sizes()
	return bytes
}

// reader is a follower and what it has been told.
type reader struct {
	f     *follower
	chain []ledger.Point
	begun bool
	cut   int // blocks that no rollback has touched since the last update
}

func newStoreWorld(t *testing.T, seed uint64, folder bool) *world {
	n := chaintest.Network()
	w := &world{
		t: t, r: rand.New(rand.NewPCG(seed, 1)), decider: decider{k: 1 + int(seed%9)},
		gen: chaintest.NewGenerator(chaintest.Config{Seed: seed, BlockSize: 1100, Network: n}),
	}
	w.network = n
	if folder {
		w.dir = t.TempDir()
	}
	w.open()
	return w
}

// open makes a store of the folder, if there is one.
func (w *world) open() {
	w.t.Helper()
	w.store = newStore(nil, 0)
	if w.dir != "" {
		db, err := immutable.OpenAppend(filepath.Join(w.dir, "immutable"), immutable.Options{Network: w.gen.Network()})
		if err != nil {
			w.t.Fatal(err)
		}
		w.store = newStore(db, 0)
		w.t.Cleanup(func() { errors.Join(w.store.vault.close(), db.Close()) })
		headers, err := w.store.openVault(filepath.Join(w.dir, "volatile"), volatile.Options{Network: w.gen.Network()}, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		w.store.most = 5000                 // bytes in memory, a few blocks
		if n := len(headers) - w.k; n > 0 { // as the engine does
			w.store.markFinal(headers[n-1].Point())
		}
	}
	w.decider = decider{s: w.store, k: w.k}
	w.store.batch = 3 // chains are short here
}

func (w *world) extend(n int) {
	w.t.Helper()
	for range n {
		b := w.gen.Next()
		if err := w.decider.extend(b); err != nil {
			w.t.Fatal(err)
		}
		w.chain = append(w.chain, b)
		w.below = max(w.below, len(w.chain)-w.k)
	}
}

func (w *world) rollBack(n int) {
	w.t.Helper()
	n = min(n, len(w.chain)-w.below)
	keep := len(w.chain) - n
	at := w.point(keep)
	if err := w.decider.rollBack(at); err != nil {
		w.t.Fatal(err)
	}
	w.old = append(w.old, w.chain[keep:]...)
	w.chain = slices.Clip(w.chain[:keep])
	gen, err := w.gen.Fork(at)
	if err != nil {
		w.t.Fatal(err)
	}
	w.gen = gen
	for _, r := range w.readers {
		r.cut = min(r.cut, keep)
	}
}

// readopt rolls back n blocks and adopts them again.
func (w *world) readopt(n int) {
	w.t.Helper()
	n = min(n, len(w.chain)-w.below)
	keep := len(w.chain) - n
	if err := w.decider.rollBack(w.point(keep)); err != nil {
		w.t.Fatal(err)
	}
	for _, b := range w.chain[keep:] {
		if err := w.decider.extend(b); err != nil {
			w.t.Fatal(err)
		}
	}
}

// point returns the n-th block's point; the 0-th is the origin.
func (w *world) point(n int) ledger.Point {
	if n == 0 {
		return ledger.Origin
	}
	return w.chain[n-1].Header.Point()
}

// read takes one update of a reader and checks it.
func (w *world) read(r *reader) (more bool) {
	w.t.Helper()
	u, err := r.f.Next(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	switch u := u.(type) {
	case nil:
		if len(r.chain) != len(w.chain) || len(r.chain) > 0 && r.chain[len(r.chain)-1] != w.point(len(w.chain)) {
			w.t.Fatalf("reader was told that it is at the tip: has %d of %d blocks", len(r.chain), len(w.chain))
		}
		return false
	case chainsync.RollBackward:
		n := 0
		if !u.Point.IsOrigin() {
			n = slices.Index(r.chain, u.Point) + 1
			if n == 0 {
				w.t.Fatalf("rollback to %v, which the reader does not have", u.Point)
			}
		}
		if r.begun && n == len(r.chain) {
			w.t.Fatalf("rollback by nothing")
		}
		if u.Point != w.point(n) {
			w.t.Fatalf("rollback to %v, which is not on the chain", u.Point)
		}
		// What has gone to the folder may be rolled back over.
		if w.dir == "" && r.begun && n < min(r.cut, len(r.chain)) {
			w.t.Fatalf("rollback to block %d, the fork is at %d", n, r.cut)
		}
		r.chain, r.begun, r.cut = r.chain[:n], true, len(w.chain)+1000
	case chainsync.RollForward:
		n := len(r.chain)
		if !r.begun {
			w.t.Fatal("no rollback at first")
		}
		if n >= len(w.chain) || !bytes.Equal(u.Header.Bytes, w.chain[n].Header.Raw.Bytes) {
			w.t.Fatalf("wrong header after %d", n)
		}
		r.chain = append(r.chain, w.chain[n].Header.Point())
	}
	return true
}

// intersect moves a reader to one of some points, on the chain or not.
func (w *world) intersect(r *reader) {
	w.t.Helper()
	var points []ledger.Point
	want := -1
	for range 1 + w.r.IntN(3) {
		if len(w.old) > 0 && w.r.IntN(3) == 0 {
			points = append(points, w.old[w.r.IntN(len(w.old))].Header.Point())
			continue
		}
		n := w.r.IntN(len(w.chain) + 1)
		if points = append(points, w.point(n)); want < 0 {
			want = n
		}
	}
	p, tip, err := r.f.Intersect(context.Background(), points)
	switch {
	case tip.Point != w.point(len(w.chain)):
		w.t.Fatalf("tip %v", tip)
	case want < 0:
		if !errors.Is(err, chainsync.ErrNoIntersect) {
			w.t.Fatalf("found %v, %v", p, err)
		}
	case err != nil || p != w.point(want):
		w.t.Fatalf("found %v, %v, want %v", p, err, w.point(want))
	default:
		r.chain, r.begun, r.cut = r.chain[:0], false, len(w.chain)+1000
		for n := range want {
			r.chain = append(r.chain, w.point(n+1))
		}
	}
}

// fetch asks for a range, often one that is there.
func (w *world) fetch() {
	w.t.Helper()
	pick := func() ledger.Block {
		if len(w.old) > 0 && w.r.IntN(4) == 0 {
			return w.old[w.r.IntN(len(w.old))]
		}
		return w.chain[w.r.IntN(len(w.chain))]
	}
	if len(w.chain) == 0 {
		return
	}
	from, to := pick(), pick()
	blocks, err := w.store.Range(context.Background(), from.Header.Point(), to.Header.Point())
	if err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(w.chain, func(b ledger.Block) bool { return b.Header.Hash == from.Header.Hash })
	j := slices.IndexFunc(w.chain, func(b ledger.Block) bool { return b.Header.Hash == to.Header.Hash })
	if i >= 0 && j >= i && blocks == nil {
		w.t.Fatalf("blocks %d to %d of %d are not served, %d in memory", i, j, len(w.chain), len(w.store.chain))
	}
	if i >= 0 && j >= 0 && i > j && blocks != nil {
		w.t.Fatalf("blocks %d to %d are served", i, j)
	}
	if blocks == nil {
		return
	}
	var prev *ledger.Header
	n := 0
	for raw, err := range blocks {
		if j < 0 && n >= 2 && errors.Is(err, errForkGone) {
			return // which more blocks have made too old
		}
		if err != nil {
			w.t.Fatal(err)
		}
		b, err := w.gen.Network().ParseBlock(raw)
		switch {
		case err != nil:
			w.t.Fatal(err)
		case prev == nil && b.Header.Hash != from.Header.Hash:
			w.t.Fatalf("range begins with %v", b.Header.Point())
		case prev != nil && !b.Header.PrevIs(prev.Point()):
			w.t.Fatalf("%v after %v", b.Header.Point(), prev.Point())
		}
		prev = &b.Header
		if n++; n == 2 && w.r.IntN(4) == 0 {
			w.extend(w.r.IntN(5)) // the store changes under the reader
		}
	}
	if prev.Hash != to.Header.Hash {
		w.t.Fatalf("range ends with %v, want %v", prev.Point(), to.Header.Point())
	}
}

// check compares what the store has with what it should have.
func (w *world) check() {
	w.t.Helper()
	if w.store.Tip().Point != w.point(len(w.chain)) {
		w.t.Fatalf("tip %v", w.store.Tip())
	}
	var bytes int64
	left := 0
	for p, e := range w.store.entries {
		bytes += int64(len(e.block.Raw))
		switch {
		case e.state == abandoned:
			left++
		case e.state != adopted:
			w.t.Fatalf("%v is in state %d", p, e.state)
		}
		if e.block.Raw == nil && (w.dir == "" || !w.store.vault.db.Has(p)) {
			w.t.Fatalf("%v is nowhere", p)
		}
	}
	if n := len(w.store.entries); left > w.k || n != len(w.store.chain)+left {
		w.t.Fatalf("%d blocks in memory, %d of them abandoned, k is %d", n, left, w.k)
	}
	if got := bytesOf(w.store); got != bytes {
		w.t.Fatalf("%d bytes, want %d", got, bytes)
	}
	if w.dir != "" && (len(w.store.chain) > w.k || bytes > w.store.most) {
		w.t.Fatalf("%d blocks are not in the folder, %d bytes in memory", len(w.store.chain), bytes)
	}
}

// act changes the store, or reads from it.
func (w *world) act() {
	w.t.Helper()
	switch w.r.IntN(10) {
	case 0, 1, 2:
		w.extend(w.r.IntN(5))
	case 3:
		w.rollBack(1 + w.r.IntN(w.k+1))
		if w.r.IntN(2) == 0 {
			w.extend(w.r.IntN(w.k + 2))
		}
	case 4:
		w.readopt(1 + w.r.IntN(w.k+1))
	case 5:
		if len(w.readers) < 8 {
			w.readers = append(w.readers, &reader{f: newFollower(w.store), cut: 1 << 30})
		} else {
			w.intersect(w.readers[w.r.IntN(8)])
		}
	case 6:
		w.fetch()
	default:
		if len(w.readers) > 0 {
			r := w.readers[w.r.IntN(len(w.readers))]
			for range w.r.IntN(20) {
				if !w.read(r) {
					break
				}
			}
		}
	}
}

// Random changes, readers at random places, and ranges in between.
func TestStore(t *testing.T) {
	for _, folder := range []bool{false, true} {
		for seed := range uint64(30) {
			t.Run(fmt.Sprintf("folder=%t/%d", folder, seed), func(t *testing.T) {
				w := newStoreWorld(t, seed, folder)
				for range 250 {
					w.act()
					w.check()
				}
				for _, r := range w.readers {
					for w.read(r) {
					}
				}
			})
		}
	}
}
