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
