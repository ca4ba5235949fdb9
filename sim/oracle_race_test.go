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
			{"without one that is far behind", 1, Honest, chain.ErrNoIntersection, false},
			{"without one that hinders", 1, Dripping, chain.ErrNoIntersection, true},
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
	w.watch.ended(&conn{client: n, server: w.nodes[1]}, chain.ErrNoIntersection)
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
