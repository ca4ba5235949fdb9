package node_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap/zaptest"

	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/internal/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// k is the security parameter in these tests.
const k = 30

func network() ledger.Network {
	n := chaingen.Network()
	n.SecurityParam = k
	return n
}

func newChain() *testnode.Chain {
	return testnode.New(chaingen.Config{Seed: 1, BlockSize: 1200, Network: network()})
}

// world is some upstream nodes on a network in memory.
type world struct {
	t       *testing.T
	net     testnode.Net
	servers map[string]*testnode.Server
}

func newWorld(t *testing.T) *world {
	return &world{t: t, servers: make(map[string]*testnode.Server)}
}

func (w *world) config() node.Config {
	cfg := node.Config{Network: network(), Dial: w.net.Dial}
	if testing.Verbose() {
		cfg.Logger = zaptest.NewLogger(w.t)
	}
	return cfg
}

// serve puts a node with a chain on the network.
func (w *world) serve(address string, c *testnode.Chain) *testnode.Server {
	cfg := w.config()
	cfg.Sources = c.Sources()
	s := testnode.Serve(w.t, w.net.Listen(address), cfg)
	w.servers[address] = s
	return s
}

func (w *world) followConfig(peers ...string) node.FollowConfig {
	return node.FollowConfig{Config: w.config(), Peers: peers}
}

// follow starts to follow. The loop ends with the test, or with stop.
func (w *world) follow(cfg node.FollowConfig, points ...ledger.Point) *following {
	w.t.Helper()
	f, err := node.NewFollower(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	// Virtual time: what does not come in a day does not come at all.
	ctx, cancel := context.WithTimeout(w.t.Context(), 24*time.Hour)
	next, stop := iter.Pull2(f.Events(ctx, points...))
	following := &following{t: w.t, Follower: f, next: next, stop: stop}
	w.t.Cleanup(func() {
		cancel()
		following.tasks.Wait()
		stop()
	})
	return following
}

// start begins to follow without waiting for the first event, which comes once a
// peer has confirmed where that is.
func (f *following) start() {
	type result struct {
		ev  node.Event
		err error
		ok  bool
	}
	first := make(chan result, 1)
	next := f.next
	f.tasks.Go(func() {
		ev, err, ok := next()
		first <- result{ev, err, ok}
	})
	synctest.Wait()
	f.next = func() (node.Event, error, bool) {
		f.next = next
		r := <-first
		return r.ev, r.err, r.ok
	}
}

// following is a loop over events, and what a caller makes of them.
type following struct {
	*node.Follower
	t    *testing.T
	next func() (node.Event, error, bool)
	stop func()

	tasks  sync.WaitGroup
	events int
	backs  int // rollbacks after the first event
	base   ledger.Point
	blocks []ledger.Block // after base
	last   node.RollForward
}

func (f *following) tip() ledger.Point {
	if n := len(f.blocks); n > 0 {
		return f.blocks[n-1].Header.Point()
	}
	return f.base
}

// step takes one event and applies it.
func (f *following) step() {
	f.t.Helper()
	ev, err, ok := f.next()
	if err != nil || !ok {
		f.t.Fatalf("after %d events at %v: %v", f.events, f.tip(), err)
	}
	f.events++
	switch ev := ev.(type) {
	case node.RollForward:
		if f.events == 1 {
			f.t.Fatalf("first event is %v, want a rollback", ev.Block.Header.Point())
		}
		if h := &ev.Block.Header; !h.PrevIs(f.tip()) {
			f.t.Fatalf("event %d: %v does not follow %v", f.events, h.Point(), f.tip())
		}
		f.blocks, f.last = append(f.blocks, ev.Block), ev
	case node.RollBackward:
		if f.events == 1 {
			f.base = ev.To.Point
			return
		}
		f.backs++
		for f.tip() != ev.To.Point {
			if len(f.blocks) == 0 {
				if ev.To.Point.Slot < f.base.Slot {
					f.base = ev.To.Point // one of the points that were saved
					return
				}
				f.t.Fatalf("event %d: rollback to %v, which is not on our chain", f.events, ev.To)
			}
			f.blocks = f.blocks[:len(f.blocks)-1]
		}
	}
}

// reach takes events until the blocks are those of c, and compares them all.
func (f *following) reach(c *testnode.Chain) {
	f.t.Helper()
	for f.tip() != c.Tip().Point {
		f.step()
	}
	want := c.Blocks()
	if !f.base.IsOrigin() {
		for len(want) > 0 && want[0].Header.Slot <= f.base.Slot {
			want = want[1:]
		}
	}
	if len(f.blocks) != len(want) {
		f.t.Fatalf("%d blocks, want %d", len(f.blocks), len(want))
	}
	for i, b := range want {
		if !bytes.Equal(b.Raw, f.blocks[i].Raw) {
			f.t.Fatalf("block %d differs", i)
		}
	}
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := newWorld(t), newChain().Grow(700)
		w.serve("a", c)
		f := w.follow(w.followConfig("a"))
		f.reach(c)
		c.Grow(3)
		f.reach(c)
		c.Switch(10, 11)
		f.reach(c)
		c.RollBack(5) // no reason to follow: ours is longer
		c.Grow(7)
		f.reach(c)
		c.Switch(k, k+1)
		f.reach(c)
		if f.backs != 3 {
			t.Errorf("%d rollbacks, want 3", f.backs)
		}
		if e := len(w.servers["a"].Ended()); e != 0 {
			t.Errorf("%d connections ended", e)
		}
	})
}

func TestFollowResumes(t *testing.T) {
	for _, test := range []struct {
		name   string
		points func(c *testnode.Chain) []ledger.Point
		change func(c *testnode.Chain)
	}{
		{"last event", func(c *testnode.Chain) []ledger.Point { return []ledger.Point{c.Point(0)} }, nil},
		{"older point", func(c *testnode.Chain) []ledger.Point { return []ledger.Point{c.Point(60), c.Point(70)} }, nil},
		{"the last event was rolled back", func(c *testnode.Chain) []ledger.Point {
			return []ledger.Point{c.Point(0), c.Point(10), ledger.Origin}
		}, func(c *testnode.Chain) { c.Switch(5, 9) }},
		{"it is rolled back later, and deep", func(c *testnode.Chain) []ledger.Point {
			return []ledger.Point{c.Point(0), c.Point(1), c.Point(80), ledger.Origin}
		}, func(c *testnode.Chain) { c.Switch(50, 90) }},
		{"to the origin", func(c *testnode.Chain) []ledger.Point {
			return []ledger.Point{c.Point(0), ledger.Origin}
		}, func(c *testnode.Chain) { c.Switch(100, 101) }},
		{"unsorted", func(c *testnode.Chain) []ledger.Point {
			return []ledger.Point{ledger.Origin, c.Point(9), c.Point(3), c.Point(9)}
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, c := newWorld(t), newChain().Grow(100)
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
				w.serve("a", c)
				f := w.follow(w.followConfig("a"), points...)
				f.step()
				if f.base != want {
					t.Errorf("started at %v, want %v", f.base, want)
				}
				f.reach(c)
				c.Grow(4)
				f.reach(c)
				c.Switch(2, 3)
				f.reach(c)
				if f.backs != 1 {
					t.Errorf("%d rollbacks, want 1", f.backs)
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
			w, c := newWorld(t), newChain().Grow(100)
			w.serve("a", c)
			f := w.follow(w.followConfig("a"), c.Point(0), c.Point(8), ledger.Origin)
			f.step()
			c.Grow(anew)
			f.reach(c)
			c.Switch(5+anew, 9+anew)
			f.reach(c)
			if f.base != c.Blocks()[91].Header.Point() {
				t.Errorf("started anew from %v", f.base)
			}
		})
	}
}

func TestFollowErrNoIntersect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a, b, other := newChain().Grow(20), newChain().Grow(30), testnode.New(chaingen.Config{Seed: 2, Network: network()}).Grow(10)
		w.serve("a", a)
		w.serve("b", b)
		values := 0
		for ev, err := range node.Follow(t.Context(), w.followConfig("a", "b"), other.Point(0), other.Point(4)) {
			values++
			var all *node.UnfollowableError
			if ev != nil || !errors.Is(err, node.ErrNoIntersect) || !errors.As(err, &all) || len(all.Peers) != 2 {
				t.Fatalf("%v, %v", ev, err)
			}
			for i, c := range []*testnode.Chain{a, b} {
				p := &all.Peers[i]
				if p.Peer != string(rune('a'+i)) || !errors.Is(p, node.ErrNoIntersect) || !strings.Contains(p.Error(), c.Tip().String()) {
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
		w, c := newWorld(t), newChain().Grow(30)
		other := testnode.New(chaingen.Config{Seed: 2, Network: network()}).Grow(10)
		away := w.serve("away", other)
		time.AfterFunc(10*time.Second, away.Stop)
		time.AfterFunc(3*time.Minute, func() { w.serve("late", other) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var last error
		for _, err := range node.Follow(ctx, w.followConfig("away", "late"), c.Point(4)) {
			last = err
		}
		if !errors.Is(last, node.ErrNoIntersect) {
			t.Errorf("ended with %v", last)
		}
	})
}

// Once there are new points, a peer that had none of the old ones may have one, so
// an unknown era at all other peers does not end the run.
func TestFollowUnknownEraWithPointsToOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := newWorld(t), newChain().Grow(200)
		s := w.serve("other", testnode.New(chaingen.Config{Seed: 2, Network: network()}).Grow(10))
		w.serve("ahead", ahead(c.Copy(), 150))
		f := w.follow(w.followConfig("other", "ahead"), c.Point(180))
		f.reach(c.Fork(50))
		time.Sleep(10 * time.Minute)
		s.Stop()
		w.serve("other", c)
		f.reach(c)
	})
}

// A peer that is behind, or has none of the points, does not set us back.
func TestFollowPeerBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := newWorld(t), newChain().Grow(200)
		w.serve("behind", c.Fork(150))
		w.serve("other", testnode.New(chaingen.Config{Seed: 2, Network: network(), BlockSize: 1200}).Grow(20))
		f := w.follow(w.followConfig("behind", "other", "ahead"), c.Point(20), ledger.Origin)
		f.start()
		time.Sleep(10 * time.Second) // virtual: both have had their say
		c2 := c.Copy().Grow(5)
		w.serve("ahead", c2)
		f.reach(c2)
		if f.backs != 0 || f.base != c.Point(20) {
			t.Errorf("%d rollbacks, base %v", f.backs, f.base)
		}
	})
}

// Each block says which of the peers sent it.
func TestFollowFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		short, long := newChain().Grow(40), newChain().Grow(40)
		w.serve("short", short)
		next, stop := iter.Pull2(node.Follow(t.Context(), w.followConfig("short", "long")))
		defer stop()
		sent := func(n int) (from []string) {
			for len(from) < n {
				ev, err, _ := next()
				if err != nil {
					t.Fatal(err)
				}
				if ev, ok := ev.(node.RollForward); ok {
					from = append(from, ev.From)
				}
			}
			return slices.Compact(from)
		}
		if got := sent(40); !slices.Equal(got, []string{"short"}) {
			t.Errorf("the first blocks are of %q", got)
		}
		w.serve("long", long.Grow(5))
		if got := sent(5); !slices.Equal(got, []string{"long"}) {
			t.Errorf("the last blocks are of %q", got)
		}
	})
}
