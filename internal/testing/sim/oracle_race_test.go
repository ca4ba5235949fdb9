package sim

import (
	"testing"
	"time"

	"github.com/ouronet/ouronet/chain"
)

// A node is held up if it takes more than twice as long as it would with the worst of
// the lines to peers that do not hinder; but not if it was left without one of those
// peers, because that one was more than k blocks behind.
func TestHeldUp(t *testing.T) {
	const alone = 10 * time.Second
	sc, err := ByName("drip")
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(20) {
		for _, test := range []struct {
			name   string
			past   time.Duration // when it caught up, after it was to
			manner Manner        // of a peer that chain-sync was ended with
			err    error
			faulty bool
		}{
			{"in time", 0, Honest, nil, false},
			{"too late", 1, Honest, nil, true},
			{"without one that is far behind", 1, Honest, chain.ErrNoIntersect, false},
			{"without one that hinders", 1, Dripping, chain.ErrNoIntersect, true},
			{"without one that was crowded out", 1, Honest, chain.ErrCrowdedOut, true},
		} {
			w, other := newWorld(sc, seed, false), newWorld(sc, seed, true)
			n, server := w.nodes[0], &node{manner: test.manner}
			w.watch.ended(&conn{client: n, server: server}, test.err)
			for i := range sc.Nodes {
				w.nodes[i].caught, other.nodes[i].caught = alone, alone
			}
			n.caught = 2*w.watch.slower(n, alone) + time.Second + test.past
			w.watch.ended(&conn{client: n, server: server}, nil)
			w.watch.heldUp(other)
			if (w.failure != nil) != test.faulty {
				t.Errorf("seed %d, %s: found %v, want a fault: %t", seed, test.name, w.failure, test.faulty)
			}
		}
	}
}

// What ended with a peer after a node had caught up is no excuse for it.
func TestPartedTooLate(t *testing.T) {
	w := newWorld(Scenario{Nodes: 1, Peers: 1, Blocks: 20}, 1, false)
	n := w.nodes[0]
	n.caught = time.Second
	w.watch.ended(&conn{client: n, server: w.nodes[1]}, chain.ErrNoIntersect)
	if n.parted {
		t.Error("counts as left without a peer")
	}
}

// How much slower the worst line is counts only lines of peers that a node has and that
// do not hinder.
func TestSlower(t *testing.T) {
	w := newWorld(Scenario{Nodes: 2, Peers: 4, Manners: []Manner{Dripping, Honest, Hoarding}, Blocks: 20}, 1, false)
	w.limits.inFlight = 0 // distance is all
	n, all := w.nodes[0], w.nodes[2:]
	near, far := all[0], all[2]
	a, _ := w.line(n, near)
	b, _ := w.line(n, far)
	if b < a {
		near, far, a, b = far, near, b, a
	}
	has := func(servers ...*node) {
		w.ups = []*upstream{{client: w.nodes[1], server: far}}
		for _, s := range servers {
			w.ups = append(w.ups, &upstream{client: n, server: s})
		}
	}
	const d = time.Second
	for _, test := range []struct {
		servers []*node
		want    time.Duration
	}{
		{nil, 0},
		{[]*node{near}, d},
		{[]*node{far}, d},
		{[]*node{all[1], near, all[3]}, d},
		{[]*node{far, near}, (d * b / a).Truncate(time.Microsecond)},
		{[]*node{near, far}, (d * b / a).Truncate(time.Microsecond)},
	} {
		has(test.servers...)
		if got := w.watch.slower(n, d); got != test.want {
			t.Errorf("with %v: %v, want %v", test.servers, got, test.want)
		}
	}
	if a == b {
		t.Error("both lines are the same")
	}
}

// A node that fetches a longer chain from an honest peer on a good line need not ask for
// the next block beside it; and when that peer leaves its chain, the time for the block
// begins then.
func TestRacedAfterOccupied(t *testing.T) {
	const left = 5 * time.Second // when the other peer leaves its chain, if it does
	rollsBack := func(w *world, c *conn) { w.watch.cutBack(c, 0) }
	ends := func(w *world, c *conn) { w.end(c) }
	delays := func(w *world, c *conn) { w.fault(Delay, c.client, 1) }
	stays := func(w *world, c *conn) { w.watch.cutBack(c, c.seen.at) }
	for _, test := range []struct {
		name   string
		what   func(w *world, c *conn) // happens to the other peer
		other  int                     // height of its chain
		manner Manner                  // of it
		heard  time.Duration           // when a block of it came last
		end    time.Duration
		faulty bool
	}{
		{"goes on", stays, 3, Honest, left + raceTime, left + raceTime, false},
		{"goes on, and sends nothing", stays, 3, Honest, left, left + raceTime, true},
		{"rolls back", rollsBack, 3, Honest, left, left + raceTime, false},
		{"rolls back, and still the block is not there", rollsBack, 3, Honest, left, left + raceTime + 1, true},
		{"connection ends", ends, 3, Honest, left, left + raceTime, false},
		{"connection ends, and still the block is not there", ends, 3, Honest, left, left + raceTime + 1, true},
		{"line becomes bad", delays, 3, Honest, left, left + raceTime, false},
		{"line becomes bad, and still the block is not there", delays, 3, Honest, left, left + raceTime + 1, true},
		{"chain as long", rollsBack, 2, Honest, left, left + raceTime, false},
		{"chain that is shorter", rollsBack, 1, Honest, left, left + raceTime, true},
		{"peer that hoards", rollsBack, 3, Hoarding, left, left + raceTime, true},
		{"nothing came for long", rollsBack, 3, Honest, left - raceTime/2, left + raceTime, true},
	} {
		w := newWorld(Scenario{Nodes: 1, Peers: 2, Blocks: 20}, 1, false)
		n := w.nodes[0]
		n.core = nil // no core takes part
		next := w.tree.grow(w.tree.grow(0, 1, 100), 1, 100)
		other := blockID(0)
		for range test.other {
			other = w.tree.grow(other, 1, 100)
		}
		tell := &conn{client: n, server: &node{w: w, manner: Honest}, up: true}
		tell.seen = view{active: true, at: next}
		feed := &conn{client: n, server: &node{w: w, manner: test.manner}, up: true, latency: goodLine, worst: goodLine, upstream: w.ups[0]}
		feed.seen = view{active: true, at: other}
		feed.asks = []*ask{{blocks: []blockID{other}}}
		n.conns = []*conn{tell, feed}

		w.now, feed.heard = left, min(left, test.heard)
		test.what(w, feed)
		w.now, feed.heard = test.end, test.heard
		w.watch.raced(n)
		if (w.failure != nil) != test.faulty {
			t.Errorf("%s: found %v, want a fault: %t", test.name, w.failure, test.faulty)
		}
	}
}

// Of the chains that a node lost, the longest counts, as long as it counts at all.
func TestLosing(t *testing.T) {
	for _, test := range []struct {
		name        string
		first, then int // heights
		after       time.Duration
		want        int // 0 for the first, 1 for the second
	}{
		{"shorter", 3, 2, raceTime, 0},
		{"shorter, later", 3, 2, raceTime + 1, 1},
		{"as long", 3, 3, 1, 1},
		{"longer", 2, 3, 1, 1},
	} {
		w := newWorld(Scenario{Nodes: 1, Peers: 2, Blocks: 20}, 1, false)
		n := w.nodes[0]
		var at []blockID
		for _, height := range []int{test.first, test.then} {
			id := blockID(0)
			for range height {
				id = w.tree.grow(id, 1, 100)
			}
			at = append(at, id)
			w.now += test.after
			c := &conn{client: n, server: &node{w: w, manner: Honest}}
			c.seen, c.asks, c.heard = view{active: true, at: id}, []*ask{{blocks: []blockID{id}}}, w.now
			w.watch.losing(c)
		}
		want := lost{at[test.want], test.after * time.Duration(test.want+1)}
		if got := w.models[0].lost; got != want {
			t.Errorf("%s: %+v, want %+v", test.name, got, want)
		}
	}
}
