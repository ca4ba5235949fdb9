package nodetest

import (
	"context"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
)

// FollowConfig is how to follow some of its nodes.
func (w *World) FollowConfig(peers ...string) follow.Config {
	return follow.Config{Config: w.Config(), Peers: peers}
}

// Follow starts to follow. The loop ends with the test, or with Stop.
func (w *World) Follow(cfg follow.Config, points ...ledger.Point) *Following {
	w.T.Helper()
	f, err := follow.NewFollower(cfg)
	if err != nil {
		w.T.Fatal(err)
	}
	// Virtual time: what does not come in a day does not come at all.
	ctx, cancel := context.WithTimeout(w.T.Context(), 24*time.Hour)
	next, stop := iter.Pull2(f.Events(ctx, points...))
	following := &Following{t: w.T, Follower: f, Next: next, Stop: stop}
	w.T.Cleanup(func() {
		cancel()
		following.tasks.Wait()
		stop()
	})
	return following
}

// Start begins to follow without waiting for the first event, which comes once a
// peer has confirmed where that is.
func (f *Following) Start() {
	type result struct {
		ev  follow.Event
		err error
		ok  bool
	}
	first := make(chan result, 1)
	next := f.Next
	f.tasks.Go(func() {
		ev, err, ok := next()
		first <- result{ev, err, ok}
	})
	synctest.Wait()
	f.Next = func() (follow.Event, error, bool) {
		f.Next = next
		r := <-first
		return r.ev, r.err, r.ok
	}
}

// Following is a loop over events, and what a caller makes of them.
type Following struct {
	*follow.Follower
	t    *testing.T
	Next func() (follow.Event, error, bool)
	Stop func()

	tasks  sync.WaitGroup
	Events int
	Backs  int // rollbacks after the first event
	Base   ledger.Point
	Blocks []ledger.Block // after base
	Last   follow.RollForward
}

// Tip returns where the caller stands.
func (f *Following) Tip() ledger.Point {
	if n := len(f.Blocks); n > 0 {
		return f.Blocks[n-1].Header.Point()
	}
	return f.Base
}

// Step takes one event and applies it.
func (f *Following) Step() {
	f.t.Helper()
	ev, err, ok := f.Next()
	if err != nil || !ok {
		f.t.Fatalf("after %d events at %v: %v", f.Events, f.Tip(), err)
	}
	f.Events++
	switch ev := ev.(type) {
	case follow.RollForward:
		if f.Events == 1 {
			f.t.Fatalf("first event is %v, want a rollback", ev.Block.Header.Point())
		}
		if h := &ev.Block.Header; !h.PrevIs(f.Tip()) {
			f.t.Fatalf("event %d: %v does not follow %v", f.Events, h.Point(), f.Tip())
		}
		f.Blocks, f.Last = append(f.Blocks, ev.Block), ev
	case follow.RollBackward:
		if f.Events == 1 {
			f.Base = ev.To.Point
			return
		}
		f.Backs++
		for f.Tip() != ev.To.Point {
			if len(f.Blocks) == 0 {
				if ev.To.Point.Slot < f.Base.Slot {
					f.Base = ev.To.Point // one of the points that were saved
					return
				}
				f.t.Fatalf("event %d: rollback to %v, which is not on our chain", f.Events, ev.To)
			}
			f.Blocks = f.Blocks[:len(f.Blocks)-1]
		}
	}
}

// Reach takes events until the blocks are those of c, and compares them all.
func (f *Following) Reach(c *chaintest.Chain) {
	f.t.Helper()
	for f.Tip() != c.Tip().Point {
		f.Step()
	}
	want := c.Blocks()
	if !f.Base.IsOrigin() {
		for len(want) > 0 && want[0].Header.Slot <= f.Base.Slot {
			want = want[1:]
		}
	}
	if err := Same(f.Blocks, want); err != nil {
		f.t.Fatal(err)
	}
}
