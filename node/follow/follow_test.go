package follow_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
)

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(700)
		w.Serve("a", c)
		f := w.Follow(w.FollowConfig("a"))
		f.Reach(c)
		c.Grow(3)
		f.Reach(c)
		c.Switch(10, 11)
		f.Reach(c)
		c.RollBack(5) // no reason to follow: ours is longer
		c.Grow(7)
		f.Reach(c)
		c.Switch(nodetest.K, nodetest.K+1)
		f.Reach(c)
		if f.Backs != 3 {
			t.Errorf("%d rollbacks, want 3", f.Backs)
		}
		if e := len(w.Servers["a"].Ended()); e != 0 {
			t.Errorf("%d connections ended", e)
		}
	})
}

func TestFollowResumes(t *testing.T) {
	for _, test := range []struct {
		name   string
		points func(c *chaintest.Chain) []ledger.Point
		change func(c *chaintest.Chain)
	}{
		{"last event", func(c *chaintest.Chain) []ledger.Point { return []ledger.Point{c.Point(0)} }, nil},
		{"older point", func(c *chaintest.Chain) []ledger.Point { return []ledger.Point{c.Point(60), c.Point(70)} }, nil},
		{"the last event was rolled back", func(c *chaintest.Chain) []ledger.Point {
			return []ledger.Point{c.Point(0), c.Point(10), ledger.Origin}
		}, func(c *chaintest.Chain) { c.Switch(5, 9) }},
		{"it is rolled back later, and deep", func(c *chaintest.Chain) []ledger.Point {
			return []ledger.Point{c.Point(0), c.Point(1), c.Point(80), ledger.Origin}
		}, func(c *chaintest.Chain) { c.Switch(50, 90) }},
		{"to the origin", func(c *chaintest.Chain) []ledger.Point {
			return []ledger.Point{c.Point(0), ledger.Origin}
		}, func(c *chaintest.Chain) { c.Switch(100, 101) }},
		{"unsorted", func(c *chaintest.Chain) []ledger.Point {
			return []ledger.Point{ledger.Origin, c.Point(9), c.Point(3), c.Point(9)}
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(100)
				points := test.points(c)
				if test.change != nil {
					test.change(c)
				}
				// The newest of the points that the chain still has.
				want := ledger.Origin
				for _, b := range c.Blocks() {
					if slices.Contains(points, b.Header.Point()) {
						want = b.Header.Point()
					}
				}
				w.Serve("a", c)
				f := w.Follow(w.FollowConfig("a"), points...)
				f.Step()
				if f.Base != want {
					t.Errorf("started at %v, want %v", f.Base, want)
				}
				f.Reach(c)
				c.Grow(4)
				f.Reach(c)
				c.Switch(2, 3)
				f.Reach(c)
				if f.Backs != 1 {
					t.Errorf("%d rollbacks, want 1", f.Backs)
				}
			})
		})
	}
}

// The fork is below the point that was started from, and comes after blocks
// have been adopted.
func TestFollowForkBelowStart(t *testing.T) {
	for _, anew := range []int{0, 1, 3, 20} {
		synctest.Test(t, func(t *testing.T) {
			w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(100)
			w.Serve("a", c)
			f := w.Follow(w.FollowConfig("a"), c.Point(0), c.Point(8), ledger.Origin)
			f.Step()
			c.Grow(anew)
			f.Reach(c)
			c.Switch(5+anew, 9+anew)
			f.Reach(c)
			if f.Base != c.Blocks()[91].Header.Point() {
				t.Errorf("started anew from %v", f.Base)
			}
		})
	}
}

func TestFollowErrNoIntersect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := nodetest.NewWorld(t)
		a, b, other := nodetest.NewChain().Grow(20), nodetest.NewChain().Grow(30), chaintest.New(chaintest.Config{Seed: 2, Network: nodetest.Network()}).Grow(10)
		w.Serve("a", a)
		w.Serve("b", b)
		values := 0
		for ev, err := range follow.Follow(t.Context(), w.FollowConfig("a", "b"), other.Point(0), other.Point(4)) {
			values++
			var all *follow.UnfollowableError
			if ev != nil || !errors.Is(err, follow.ErrNoIntersect) || !errors.As(err, &all) || len(all.Peers) != 2 {
				t.Fatalf("%v, %v", ev, err)
			}
			for i, c := range []*chaintest.Chain{a, b} {
				p := &all.Peers[i]
				if p.Peer != string(rune('a'+i)) || !errors.Is(p, follow.ErrNoIntersect) || !strings.Contains(p.Error(), c.Tip().String()) {
					t.Errorf("of peer %d: %v", i, p)
				}
			}
		}
		if values != 1 {
			t.Errorf("%d values", values)
		}
	})
}

// A peer that had none of the points still has none when it is away.
func TestFollowErrNoIntersectOfAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(30)
		other := chaintest.New(chaintest.Config{Seed: 2, Network: nodetest.Network()}).Grow(10)
		away := w.Serve("away", other)
		time.AfterFunc(10*time.Second, func() { away.Close() })
		time.AfterFunc(3*time.Minute, func() { w.Serve("late", other) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var last error
		for _, err := range follow.Follow(ctx, w.FollowConfig("away", "late"), c.Point(4)) {
			last = err
		}
		if !errors.Is(last, follow.ErrNoIntersect) {
			t.Errorf("ended with %v", last)
		}
	})
}

// Once there are new points, a peer that had none of the old ones may have one, so
// an unknown era at all other peers does not end the run.
func TestFollowUnknownEraWithPointsToOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(200)
		s := w.Serve("other", chaintest.New(chaintest.Config{Seed: 2, Network: nodetest.Network()}).Grow(10))
		w.ServePeer("ahead", ahead(c.Fork(0), 150))
		f := w.Follow(w.FollowConfig("other", "ahead"), c.Point(180))
		f.Reach(c.Fork(50))
		time.Sleep(10 * time.Minute)
		s.Close()
		w.Serve("other", c)
		f.Reach(c)
	})
}

// A peer that is behind, or has none of the points, does not set us back.
func TestFollowPeerBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(200)
		w.Serve("behind", c.Fork(150))
		w.Serve("other", chaintest.New(chaintest.Config{Seed: 2, Network: nodetest.Network(), BlockSize: 1200}).Grow(20))
		f := w.Follow(w.FollowConfig("behind", "other", "ahead"), c.Point(20), ledger.Origin)
		f.Start()
		time.Sleep(10 * time.Second) // virtual: both have had their say
		c2 := c.Fork(0).Grow(5)
		w.Serve("ahead", c2)
		f.Reach(c2)
		if f.Backs != 0 || f.Base != c.Point(20) {
			t.Errorf("%d rollbacks, base %v", f.Backs, f.Base)
		}
	})
}

// Each block says which of the peers sent it.
func TestFollowFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := nodetest.NewWorld(t)
		short, long := nodetest.NewChain().Grow(40), nodetest.NewChain().Grow(40)
		w.Serve("short", short)
		next, stop := iter.Pull2(follow.Follow(t.Context(), w.FollowConfig("short", "long")))
		defer stop()
		sent := func(n int) (from []string) {
			for len(from) < n {
				ev, err, _ := next()
				if err != nil {
					t.Fatal(err)
				}
				if ev, ok := ev.(follow.RollForward); ok {
					from = append(from, ev.From)
				}
			}
			return slices.Compact(from)
		}
		if got := sent(40); !slices.Equal(got, []string{"short"}) {
			t.Errorf("the first blocks are of %q", got)
		}
		w.Serve("long", long.Grow(5))
		if got := sent(5); !slices.Equal(got, []string{"long"}) {
			t.Errorf("the last blocks are of %q", got)
		}
	})
}
