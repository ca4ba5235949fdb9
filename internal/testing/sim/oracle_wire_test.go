package sim

import "testing"

// A block asked for again of a peer that was given up is in flight with the new range,
// whatever comes of the one that was cancelled.
func TestFlightIsOfRange(t *testing.T) {
	for _, test := range []struct {
		name string
		what func(w *world, c *conn, old, anew *ask)
		want bool // in flight
	}{
		{"nothing", func(*world, *conn, *ask, *ask) {}, true},
		{"old range ends", func(w *world, c *conn, old, _ *ask) { w.watch.over(c, old) }, true},
		{"old range brings it", func(w *world, c *conn, old, _ *ask) { w.watch.arrived(c, old, 1, false) }, true},
		{"new range ends", func(w *world, c *conn, _, anew *ask) { w.watch.over(c, anew) }, false},
		{"new range brings it", func(w *world, c *conn, _, anew *ask) { w.watch.arrived(c, anew, 1, false) }, false},
		{"connection ends", func(w *world, c *conn, _, _ *ask) { w.watch.connEnded(c) }, false},
	} {
		w := newWorld(Scenario{Nodes: 1, Peers: 2, Blocks: 20}, 1, false)
		n := w.nodes[0]
		first, second := &conn{client: n, server: w.nodes[1]}, &conn{client: n, server: w.nodes[2]}
		n.conns = []*conn{first, second}
		request := func(c *conn) *ask {
			a := &ask{blocks: []blockID{1}, at: w.now}
			w.watch.asked(c, a)
			c.asks = append(c.asks, a)
			return a
		}

		old := request(first)
		w.now += stallTimeout
		w.watch.cancelled(first, old)
		old.cancelled = true
		anew := request(first)
		test.what(w, first, old, anew)
		w.now += leastRace
		if got := request(second).again; got != test.want || w.failure != nil {
			t.Errorf("%s: in flight: %t, want %t; found %v", test.name, got, test.want, w.failure)
		}
	}
}

// A peer whose connection ends before all blocks that it was asked for have come has
// none to itself any more, also if the core ended it because a range was over too soon.
func TestSlowByEnd(t *testing.T) {
	hangsUp := func(w *world, c *conn) { w.end(c) }
	over := func(w *world, c *conn) { c.over(w, c.asks[0], false) }
	none := func(w *world, c *conn) { c.over(w, c.asks[0], true) }
	for _, test := range []struct {
		name string
		what func(w *world, c *conn)
		came int // of three blocks
		want bool
	}{
		{"hangs up", hangsUp, 0, true},
		{"hangs up after the first", hangsUp, 1, true},
		{"hangs up after the last", hangsUp, 3, false},
		{"over without any", over, 0, true},
		{"over after the first", over, 1, true},
		{"over after the last", over, 3, false},
		{"refused after the first", none, 1, true},
		{"refused", none, 0, false},
	} {
		w := newWorld(Scenario{Nodes: 1, Peers: 1, Blocks: 3}, 8, false)
		for len(w.ups) == 0 || w.ups[0].conn == nil || w.ups[0].conn.sent == 0 {
			w.next()
		}
		c := w.ups[0].conn
		a := c.asks[0]
		if c.server.manner = Lying; len(c.asks) != 1 || len(a.blocks) != 3 {
			t.Fatalf("asked for %d ranges, the first of %d blocks, want 3", len(c.asks), len(a.blocks))
		}
		for _, id := range a.blocks[:test.came] {
			c.block(w, a, id, false)
		}
		test.what(w, c)
		if w.end(c); w.ups[0].slow != test.want || w.failure != nil {
			t.Errorf("%s: slow: %t, want %t; found %v", test.name, w.ups[0].slow, test.want, w.failure)
		}
	}
}
