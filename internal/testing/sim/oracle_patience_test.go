package sim

import (
	"strings"
	"testing"
	"time"
)

// The oracle looks at a node now and then only. What happened in between counts
// too, for the node as well as against it.
func TestPatientSeesWhatIsBetween(t *testing.T) {
	const end = time.Minute
	wait := func(w *world, _ *conn, _ *ask) {}
	over := func(none bool) func(*world, *conn, *ask) {
		return func(w *world, c *conn, r *ask) {
			r.next = len(r.blocks)
			if none {
				r.next = 0
			}
			c.over(w, r, none)
		}
	}
	lost := func(w *world, c *conn, _ *ask) {
		other := *c
		c.asks, c.sent = nil, 0
		w.watch.connEnded(&other)
	}
	cancelled := func(w *world, c *conn, r *ask) {
		c.asks, c.sent = nil, 0
		w.watch.cancelled(c, r)
	}
	paused := func(w *world, c *conn, _ *ask) {
		c.asks, c.sent, c.restTill = nil, 0, w.now
	}
	moved := func(w *world, c *conn, _ *ask) {
		c.asks, c.sent, c.seen.since = nil, 0, w.now
	}
	consumed := func(w *world, c *conn, _ *ask) {
		c.asks, c.sent = nil, 0
		w.watch.consumed(c.client, 0)
	}
	tests := []struct {
		name   string
		what   func(w *world, c *conn, r *ask) // happens to the range asked for at the start
		at     time.Duration
		faulty bool
	}{
		{"waits", wait, end, false},
		{"range over", over(false), end, false},
		{"range over long ago", over(false), end / 2, true},
		{"refused", over(true), end, false},
		{"refused long ago", over(true), end / 2, true},
		{"other connection lost", lost, end, false},
		{"other connection lost long ago", lost, end / 2, true},
		{"cancelled", cancelled, end, false},
		{"cancelled long ago", cancelled, end / 2, true},
		{"pause over", paused, end, false},
		{"pause over long ago", paused, end / 2, true},
		{"candidate new", moved, end, false},
		{"candidate there long ago", moved, end / 2, true},
		{"application done", consumed, end, false},
		{"application done long ago", consumed, end / 2, true},
	}
	for _, test := range tests {
		w := newWorld(Scenario{Nodes: 1, Peers: 1, Blocks: 20}, 1, false)
		n, server := w.nodes[0], w.nodes[1]
		tip := blockID(1)
		for w.tree.blocks[tip].bad || w.tree.blocks[tip].parent != n.tip() {
			tip++
		}
		r := &ask{blocks: []blockID{tip}}
		c := &conn{client: n, server: server}
		c.asks, c.sent, c.limit = []*ask{r}, 1, 2*end
		c.seen = view{active: true, at: tip}
		n.conns, n.core = append(n.conns, c), nil // no core takes part
		w.watch.patient(n)
		w.now = test.at
		test.what(w, c, r)
		w.now = end
		w.watch.patient(n)
		if f := w.failure; (f != nil) != test.faulty || f != nil && !strings.Contains(f.Text, "does not ask") {
			t.Errorf("%s: found %v, want a fault: %t", test.name, f, test.faulty)
		}
	}
}
