package chainsync_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/ledger"
)

// storage is own storage, with what a test needs to know of it.
type storage struct {
	chainsync.Changes

	mu     sync.RWMutex
	all    []ledger.Header // that there ever were; their bytes are their place here
	blocks []ledger.Header // the chain
	first  int             // of blocks, those before were removed
	broken error
	most   int // headers that were asked for at once
}

var errNotOnChain = errors.New("not on the chain")

// find returns how many blocks the chain has up to p. s.mu is held.
func (s *storage) find(p ledger.Point) (int, bool) {
	if p.IsOrigin() {
		return 0, s.first == 0
	}
	n, _ := slices.BinarySearchFunc(s.blocks, p.Slot, func(h ledger.Header, slot ledger.Slot) int { return int(h.Slot) - int(slot) })
	for ; n < len(s.blocks) && s.blocks[n].Slot == p.Slot; n++ {
		if s.blocks[n].Hash == p.Hash {
			return n + 1, n >= s.first
		}
	}
	return 0, false
}

func (s *storage) Tip() ledger.Tip {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.blocks) == 0 {
		return ledger.Tip{}
	}
	return s.blocks[len(s.blocks)-1].Tip()
}

func (s *storage) Contains(p ledger.Point) (bool, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ok := s.find(p)
	return ok, s.broken
}

func (s *storage) NextHeaders(p ledger.Point, most int) ([]ledger.Header, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most = max(s.most, most)
	n, ok := s.find(p)
	if !ok {
		return nil, errNotOnChain
	}
	return slices.Clone(s.blocks[n:min(n+most, len(s.blocks))]), s.broken
}

// change leaves the first n blocks and adds others, and returns where it went back to. Of
// five blocks, one is in the slot of the block before it, as after a boundary block.
func (s *storage) change(r *rand.Rand, n, add int) (to ledger.Tip) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > 0 {
		to = s.blocks[n-1].Tip()
	}
	s.blocks = slices.Clip(s.blocks[:n])
	for range add {
		h := ledger.Header{Hash: ledger.Hash{31: 1}, Slot: ledger.Slot(r.IntN(2))}
		binary.BigEndian.PutUint64(h.Hash[:], uint64(len(s.all)))
		h.Raw.Bytes = h.Hash[:8]
		if n := len(s.blocks); n > 0 {
			last := s.blocks[n-1]
			h.Prev, h.HasPrev = last.Hash, true
			h.BlockNo = last.BlockNo + 1
			if h.Slot = last.Slot + 1 + ledger.Slot(r.IntN(3)); r.IntN(5) == 0 && (n < 2 || s.blocks[n-2].Slot < last.Slot) {
				h.Slot = last.Slot
			}
		}
		s.all = append(s.all, h)
		s.blocks = append(s.blocks, h)
	}
	return to
}

// apply does change and tells of it, with a pause between the two.
func (s *storage) apply(r *rand.Rand, n, add int, pause func()) {
	back := n < len(s.blocks)
	to := s.change(r, n, add)
	pause()
	if back {
		s.RolledBack(to)
	} else {
		s.Grew()
	}
}

// header returns the one with these bytes.
func (s *storage) header(raw ledger.RawHeader) ledger.Header {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.all[binary.BigEndian.Uint64(raw.Bytes)]
}

// reader is a follower of a storage.
type reader struct {
	chainsync.Source
	s    *storage
	has  []ledger.Header
	kept int  // of has, blocks that have been on the chain all along
	back bool // a rollback is owed after an intersection
}

func newReader(s *storage) *reader {
	return &reader{Source: chainsync.NewSource(s, &s.Changes), s: s, back: true}
}

func (r *reader) at() ledger.Point {
	if len(r.has) == 0 {
		return ledger.Origin
	}
	return r.has[len(r.has)-1].Point()
}

// take applies an update, which must fit what the reader has.
func (r *reader) take(t *testing.T, u chainsync.Update) {
	t.Helper()
	switch u := u.(type) {
	case chainsync.RollForward:
		h := r.s.header(u.Header)
		if !h.PrevIs(r.at()) {
			t.Fatalf("block %v does not follow %v", h.Point(), r.at())
		}
		r.has = append(r.has, h)
	case chainsync.RollBackward:
		n := 0
		if !u.Point.IsOrigin() {
			n = 1 + slices.IndexFunc(r.has, func(h ledger.Header) bool { return h.Point() == u.Point })
			if n == 0 {
				t.Fatalf("a rollback to %v, which the reader does not have", u.Point)
			}
		}
		r.has = r.has[:n]
	}
}

// next takes the next update, which must be the expected one. It returns false at the tip.
func (r *reader) next(t *testing.T) bool {
	t.Helper()
	if _, ok := r.s.find(r.at()); ok {
		r.kept = len(r.has)
	}
	back := r.back || r.kept < len(r.has)
	u, err := r.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	switch v := u.(type) {
	case chainsync.RollBackward:
		if r.take(t, u); !back || len(r.has) != r.kept {
			t.Fatalf("a rollback to block %d (expected: %t), want to %d", len(r.has), back, r.kept)
		}
		if v.Tip != r.s.Tip() {
			t.Fatalf("tip %v, want %v", v.Tip, r.s.Tip())
		}
	case chainsync.RollForward:
		if r.take(t, u); back {
			t.Fatalf("a block, want a rollback to block %d", r.kept)
		}
		if v.Tip != r.s.Tip() {
			t.Fatalf("tip %v, want %v", v.Tip, r.s.Tip())
		}
	case nil:
		if back || r.at() != r.s.Tip().Point {
			t.Fatalf("no update at %v, the tip is %v", r.at(), r.s.Tip())
		}
		return false
	}
	r.back, r.kept = false, len(r.has)
	return true
}

// A reader hears of a rollback exactly when its block left the chain, and goes back to
// the newest that stayed, whatever becomes of the chain and whenever it looks.
func TestSourceAgainstModel(t *testing.T) {
	for seed := range uint64(15) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := &storage{}
		readers := []*reader{newReader(s)}
		for range 300 {
			switch r.IntN(8) {
			case 0:
				s.apply(r, len(s.blocks), 1+r.IntN(100), func() {})
			case 1:
				n := max(0, len(s.blocks)-r.IntN(1+r.IntN(90)))
				s.apply(r, n, r.IntN(20), func() {})
				for _, x := range readers {
					x.kept = min(x.kept, n)
				}
			case 2:
				if len(readers) < 4 || len(s.all) == 0 {
					readers = append(readers, newReader(s))
					break
				}
				x := readers[r.IntN(len(readers))]
				points := []ledger.Point{{Slot: 1}, s.all[r.IntN(len(s.all))].Point()}
				p, tip, err := x.Intersect(t.Context(), points)
				n, ok := s.find(points[1])
				if ok != (err == nil) || ok && p != points[1] || tip != s.Tip() || !ok && !errors.Is(err, chainsync.ErrNoIntersect) {
					t.Fatalf("seed %d: intersection at %v, %v, %v; on the chain: %t", seed, p, tip, err, ok)
				}
				if ok {
					x.has, x.kept, x.back = slices.Clone(s.blocks[:n]), n, true
				}
			default:
				x := readers[r.IntN(len(readers))]
				for range r.IntN(100) {
					if !x.next(t) {
						break
					}
				}
			}
		}
		for _, x := range readers {
			for x.next(t) {
			}
			if !slices.EqualFunc(x.has, s.blocks, func(a, b ledger.Header) bool { return a.Hash == b.Hash }) {
				t.Fatalf("seed %d: a reader ends with %d blocks, the chain has %d, or others", seed, len(x.has), len(s.blocks))
			}
		}
	}
}

// Whoever changes the chain may tell of it a while later, and readers look at any time.
// Each follower ends with the chain as it is, and gets only updates that it can apply.
func TestSourceWhileTheChainChanges(t *testing.T) {
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) {
			s := &storage{}
			ctx, cancel := context.WithCancel(t.Context())
			var readers []*reader
			for range 6 {
				x := newReader(s)
				readers = append(readers, x)
				go func() {
					for {
						u, err := x.Next(ctx)
						if err == nil && u == nil {
							err = x.Wait(ctx)
						}
						if err != nil {
							if ctx.Err() == nil {
								t.Error(err)
							}
							return
						}
						if u != nil {
							x.take(t, u)
						}
					}
				}()
			}
			r := rand.New(rand.NewPCG(seed, 2))
			for range 300 {
				n := len(s.blocks)
				if r.IntN(3) > 0 {
					n -= min(n, r.IntN(1+r.IntN(20)))
				}
				s.apply(r, n, 1+r.IntN(12), runtime.Gosched)
			}
			synctest.Wait()
			for _, x := range readers {
				if !slices.EqualFunc(x.has, s.blocks, func(a, b ledger.Header) bool { return a.Hash == b.Hash }) {
					t.Errorf("seed %d: a reader ends with %d blocks, the chain has %d, or others", seed, len(x.has), len(s.blocks))
				}
			}
			cancel()
		})
	}
}

// One that sleeps while the chain rolls back more often than is remembered is rolled
// back further than necessary, to a block that it has.
func TestSourceThatSleeps(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	s := &storage{}
	s.apply(r, 0, 1000, func() {})
	x := newReader(s)
	for n := range 501 {
		if n == 1 {
			for x.next(t) {
			}
		}
		s.apply(r, 300+n, 1000-300-n, func() {})
	}
	for {
		u, err := x.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if u == nil {
			break
		}
		x.take(t, u)
	}
	if x.at() != s.Tip().Point {
		t.Errorf("ends at %v, want %v", x.at(), s.Tip())
	}
}

func TestSourceWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(4, 4))
		s := &storage{}
		x := newReader(s)
		for x.next(t) {
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error)
		go func() { done <- x.Wait(ctx) }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("Wait returned %v before a change", err)
		default:
		}
		s.apply(r, 0, 1, func() {})
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if !x.next(t) {
			t.Fatal("no update after a change")
		}
		x.next(t)
		s.apply(r, 1, 1, func() {})
		if err := x.Wait(ctx); err != nil {
			t.Errorf("Wait after a change: %v", err)
		}
		x.next(t)
		reason := errors.New("reason")
		cancel(reason)
		if err := x.Wait(ctx); err != reason {
			t.Errorf("Wait: %v, want the cause of the end", err)
		}
		if err := chainsync.NewSource(s, nil).Wait(ctx); err != reason {
			t.Errorf("Wait for a chain that never changes: %v, want the cause of the end", err)
		}
	})
}

// A reader hears nothing of a fork that came and went between two looks.
func TestSourceSwitchesBack(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	s := &storage{}
	s.apply(r, 0, 20, func() {})
	x := newReader(s)
	for x.next(t) {
	}
	old := s.blocks
	s.apply(r, 10, 10, func() {})
	s.blocks = old
	s.RolledBack(old[9].Tip())
	if x.next(t) {
		t.Error("an update after the chain is as it was")
	}
}

// The number of a block that a reader named is not known. The block before it may be in
// the same slot.
func TestSourceRollsBackWithinASlot(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 7))
		s := &storage{}
		s.apply(r, 0, 50, func() {})
		for n := 1; n < 50; n++ {
			if s.blocks[n-1].Slot == s.blocks[n].Slot {
				x := newReader(s)
				if _, _, err := x.Intersect(t.Context(), []ledger.Point{s.blocks[n].Point()}); err != nil {
					t.Fatal(err)
				}
				x.has, x.kept = slices.Clone(s.blocks[:n+1]), n
				s.apply(r, n, 50-n, func() {})
				x.next(t)
			}
		}
	}
}

// Headers are read a few at a time, however many there are.
func TestSourceReadsFew(t *testing.T) {
	s := &storage{}
	s.apply(rand.New(rand.NewPCG(5, 5)), 0, 1000, func() {})
	x := newReader(s)
	for x.next(t) {
	}
	if s.most > 64 {
		t.Errorf("%d headers were read at once", s.most)
	}
}

func TestSourceErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	s := &storage{}
	s.apply(r, 0, 100, func() {})
	s.first = 10
	if u, err := newReader(s).Next(t.Context()); err == nil {
		t.Errorf("from the origin, of a chain without its start: %v", u)
	}
	x := newReader(s)
	if _, _, err := x.Intersect(t.Context(), []ledger.Point{ledger.Origin}); !errors.Is(err, chainsync.ErrNoIntersect) {
		t.Errorf("intersected at the origin of a chain without its start: %v", err)
	}
	if _, _, err := x.Intersect(t.Context(), []ledger.Point{s.blocks[20].Point()}); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Next(t.Context()); err != nil {
		t.Fatal(err)
	}

	// The block is removed without a rollback; the chain goes on, or never changes.
	still := chainsync.NewSource(s, nil)
	if _, _, err := still.Intersect(t.Context(), []ledger.Point{s.blocks[20].Point()}); err != nil {
		t.Fatal(err)
	}
	if _, err := still.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.first = 40
	if u, err := still.Next(t.Context()); err == nil {
		t.Errorf("where the block was removed from a chain that never changes: %v and no error", u)
	}
	for n := 0; ; n++ {
		u, err := x.Next(t.Context())
		if err != nil {
			break
		}
		if u != nil || n > 3 {
			t.Fatalf("an update where the block was removed, or none, and no error: %v", u)
		}
		s.apply(r, len(s.blocks), 1, func() {})
	}

	s.broken = errors.New("broken")
	if _, err := newReader(s).Next(t.Context()); err != s.broken {
		t.Errorf("Next: %v, want the error of the chain", err)
	}
	if _, _, err := newReader(s).Intersect(t.Context(), []ledger.Point{ledger.Origin}); err != s.broken {
		t.Errorf("Intersect: %v, want the error of the chain", err)
	}
}
