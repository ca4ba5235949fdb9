package sim

import (
	"errors"
	"time"

	"github.com/ouronet/ouronet/chain"
)

const (
	// raceTime is how long a block for the tip may take that a good peer has.
	raceTime = 2 * time.Second

	// goodLine is the latency of the worst line that counts as good.
	goodLine = 100 * time.Millisecond
)

// raced looks whether n lacks a block for its tip for long although an honest peer
// on a good line has announced it.
func (o *watch) raced(n *node) {
	m := o.model(n)
	if m.Bare || len(n.owed) > 0 || n.asked != 0 {
		return
	}
	for _, c := range n.conns {
		since := max(c.seen.since, c.restTill, m.fedAt)
		if o.rivals(m.lost.at, c.seen.at) {
			since = max(since, m.lost.since)
		}
		if c.server.manner != Honest || c.worst > goodLine || !c.seen.active || c.seen.first || c.refusing ||
			o.w.now-since <= raceTime || !o.better(m, c.seen.at) {
			continue
		}
		if o.deferred(n, c.seen.at) || o.w.now-o.deferredTill(n, c.seen.at) <= raceTime {
			continue
		}
		if missing, at := o.missing(n, c.seen.at); missing > 0 && missing <= 2 && o.w.now-at > raceTime && !o.occupied(n, c.seen.at) {
			o.w.fail("race", "%v lacks block %d, which %v announced %v ago", n, c.seen.at, c.server, o.w.now-since)
		}
	}
}

// occupied reports whether blocks of another chain, no shorter than that up to id,
// come to n from an honest peer on a good line.
func (o *watch) occupied(n *node, id blockID) bool {
	for _, c := range n.conns {
		if o.feeds(c) && o.rivals(c.seen.at, id) {
			return true
		}
	}
	return false
}

// feeds reports whether blocks come from c's server, which does so as an honest one and is
// on a good line.
func (o *watch) feeds(c *conn) bool {
	m := c.server.manner
	return (m <= Honest || m == Credulous || m == Poisoning) && c.worst <= goodLine && c.seen.active && len(c.asks) > 0 &&
		o.w.now-c.heard < raceTime/2
}

// rivals reports whether the chain up to other may be fetched before that up to id.
func (o *watch) rivals(other, id blockID) bool {
	return other != id && o.w.tree.height(other) >= o.w.tree.height(id)
}

// losing is told that c's server leaves its chain, that its line becomes bad, or that c
// is no more: a node occupied with that chain has had a reason not to ask for another.
func (o *watch) losing(c *conn) {
	m := o.model(c.client)
	if o.feeds(c) && (o.w.now-m.lost.since > raceTime || o.w.tree.height(c.seen.at) >= o.w.tree.height(m.lost.at)) {
		m.lost = lost{c.seen.at, o.w.now}
	}
}

// missing returns how many blocks up to id are not there, up to three, and when the
// latest of those before them came.
func (o *watch) missing(n *node, id blockID) (missing int, at time.Duration) {
	m := o.model(n)
	for missing < 3 {
		m.room(id)
		if n.holds(id) {
			at = max(at, m.came[id])
		} else {
			missing++
		}
		if m.has(id) {
			return missing, at
		}
		id = o.w.tree.blocks[id].parent
	}
	return missing, at
}

// heldUp compares when nodes caught up with when they did alone. It does so with none
// that parted from a peer which does not hinder: that one has not even the last k of
// its blocks, and is left alone for two minutes.
func (o *watch) heldUp(alone *world) {
	for i, n := range o.w.nodes[:o.w.sc.Nodes] {
		a := alone.nodes[i]
		if a.caught == 0 || !n.parted && n.caught > 2*o.slower(n, a.caught)+time.Second {
			o.w.fail("held-up", "%v caught up after %v, alone after %v", n, n.caught, a.caught)
		}
	}
}

// slower returns how long what took d with the best line takes on the worst one that n
// has to a peer which does not hinder. Which of them blocks come from, where one is
// enough, is a matter of order, and may be another alone.
func (o *watch) slower(n *node, d time.Duration) time.Duration {
	var best, worst int64
	for _, u := range o.w.ups {
		if u.client != n || u.server.hinders() {
			continue
		}
		latency, perKB := o.w.line(n, u.server)
		window := time.Duration(min(o.w.limits.inFlight, leastWindow))
		us := (2*latency + window*perKB/1024).Microseconds()
		if worst = max(worst, us); best == 0 || us < best {
			best = us
		}
	}
	return time.Duration(d.Microseconds()*worst/max(best, 1)) * time.Microsecond
}

// leastWindow is how many bytes a core has in flight at the least, if it may.
const leastWindow = 2 * 196_608

// ended takes note of a chain-sync that the core ends.
func (o *watch) ended(c *conn, err error) {
	if errors.Is(err, chain.ErrNoIntersect) && !c.server.hinders() && c.client.caught == 0 {
		c.client.parted = true
	}
}
