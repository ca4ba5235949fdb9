package sim

import (
	"time"

	"github.com/ouronet/ouronet/chain"
)

// What the oracles see of connections.

// Chain-sync.

func (o *watch) findWanted(c *conn)   { c.mayAsk, c.seen.active = 0, false }
func (o *watch) headersAsked(c *conn) { o.within(c.outstanding, c.mayAsk, c, "headers") }

// granted is told of a grant: a candidate may not get too far ahead. How high a
// core that resumed from points stands is its own count. It goes by block
// numbers, and the start of the chain has that of the first block.
func (o *watch) granted(c *conn) {
	m := o.model(c.client)
	if ahead := o.w.tree.height(c.seen.at) + c.mayAsk - max(len(m.line)-1, 1); c.seen.active && !m.Bare && ahead > o.w.limits.lead {
		o.w.fail("limits", "%v lets %v be %d headers ahead, more than %d", c.client, c.server, ahead, o.w.limits.lead)
	}
}

func (o *watch) within(n, most int, c *conn, what string) {
	if n > most {
		o.w.fail("limits", "%v asks peer %d for %d %s, more than %d", c.client, c.id, n, what, most)
	}
}

func (o *watch) outOfTurn(c *conn, what string) {
	o.w.fail("turn", "%v: %s of peer %d with %d requests outstanding", c.client, what, c.id, c.pending)
}

func (o *watch) synced(c *conn, id blockID, found bool) {
	c.seen = view{active: found, first: true, at: id, since: o.w.now}
}

func (o *watch) extended(c *conn, last blockID, n int) {
	c.mayAsk -= n
	if !c.seen.active {
		return
	}
	if c.server.honest() && (c.seen.first || o.w.tree.back(last, n) != c.seen.at) {
		o.w.fail("stream", "%v sent %d headers up to block %d to one that is at %d, rollback due: %t", c.server, n, last, c.seen.at, c.seen.first)
	}
	c.seen.at, c.seen.since = last, o.w.now
}

func (o *watch) cutBack(c *conn, id blockID) {
	if !c.seen.active {
		return
	}
	c.restTill = 0
	if d := o.w.tree.height(c.seen.at) - o.w.tree.height(id); c.server.honest() && (d < 0 || o.w.tree.back(c.seen.at, d) != id ||
		c.seen.first && d != 0) {
		// A server's chain may change between the two messages that start.
		if !c.seen.first || d < 0 {
			o.w.fail("stream", "%v rolled back to block %d, unknown to one that is at %d", c.server, id, c.seen.at)
		}
	}
	if id != c.seen.at {
		o.losing(c)
	}
	c.seen.at, c.seen.since, c.seen.first = id, o.w.now, false
}

func (o *watch) announced(s *node, last blockID, n int) {
	if s.core == nil {
		return
	}
	for ; n > 0; n-- {
		o.served(s, last)
		last = o.w.tree.blocks[last].parent
	}
}

func (o *watch) arrivedAfter(c *conn, d time.Duration) {
	if d > c.worst+c.worst/4 {
		o.w.fail("delay", "a header of %v took %v, want at most %v", c.server, d, c.worst+c.worst/4)
	}
}

// Block-fetch.

func (o *watch) fetchWanted(n *node, e chain.Fetch) {
	sum := 0
	for i, h := range e.Headers {
		sum += h.BlockSize()
		if i > 0 && !h.PrevIs(e.Headers[i-1].Point()) {
			o.w.fail("limits", "%v: range %d is not a chain", n, e.Range)
		}
	}
	if sum != e.Bytes || len(e.Headers) == 0 || len(e.Headers) > o.w.limits.rangeBlocks {
		o.w.fail("limits", "%v: range of %d blocks and %d bytes, want at most %d", n, len(e.Headers), e.Bytes, o.w.limits.rangeBlocks)
	}
	if c := n.conn(e.Peer); c != nil {
		if o.w.now < c.restTill {
			o.w.fail("refusal", "%v asks %v again, which has refused, before %v", n, c.server, c.restTill)
		}
		if c.toCome() == 0 && !n.ending(c) {
			c.heard = o.w.now
		}
	}
	st, ok := n.core.Peer(e.Peer)
	if ok && (st.Ranges > o.w.limits.ranges || st.InFlight > max(o.w.limits.inFlight, o.w.limits.block())) {
		o.w.fail("limits", "%v: %+v", n, st)
	}
}

func (o *watch) asked(c *conn, a *ask) {
	m := o.model(c.client)
	if a.cancelled {
		return
	}
	more := false
	for _, id := range a.blocks {
		m.room(id)
		f := m.flight[id]
		for i, other := range f {
			early := !more && i == len(f)-1 && a.at-other.since < leastRace && !other.from.tardy(o.w.now)
			more = true // what follows goes with the first
			if other.from == c || early {
				o.w.fail("flight", "%v asks peer %d for block %d, which is in flight with peer %d since %v", c.client, c.id, id, other.from.id, other.since)
			}
		}
		if last := len(m.spare) - 1; f == nil && last >= 0 {
			f, m.spare = m.spare[last], m.spare[:last]
		}
		m.flight[id] = append(f, flight{{c, a, a.at}}...)
	}
	if a.again = more; more {
		o.asksTwice(c.client)
	}
}

const (
	// leastRace is how long a peer has a block to itself, unless it was seen to
	// take longer than tardyTime for one.
	leastRace = 50 * time.Millisecond
	tardyTime = 100 * time.Millisecond

	maxTwice = 1 << 20
)

// tardy reports whether the server was or is slow.
func (c *conn) tardy(now time.Duration) bool {
	return c.slow || len(c.asks) > 0 && now-c.asks[0].at > tardyTime
}

// asksTwice adds up what is to come from more than one peer.
func (o *watch) asksTwice(n *node) {
	m, sum, largest := o.model(n), 0, 0
	for _, c := range n.conns {
		for _, a := range c.asks {
			if a.cancelled {
				continue
			}
			for _, id := range a.blocks[a.next:] {
				if f := m.flight[id]; len(f) > 1 && f[0].from != c && !n.holds(id) {
					size := int(o.w.tree.blocks[id].size)
					sum, largest = sum+size, max(largest, size)
				}
			}
		}
	}
	if sum > max(maxTwice, largest) {
		o.w.fail("twice", "%v has asked for %d bytes twice", n, sum)
	}
}

// take takes a away from what is to bring a block.
func (f *flight) take(a *ask) {
	for i, x := range *f {
		if x.with == a {
			*f = append((*f)[:i], (*f)[i+1:]...)
			return
		}
	}
}

// took notes that a is not to bring a block any more.
func (m *model) took(id blockID, a *ask) {
	f := &m.flight[id]
	if f.take(a); *f != nil && len(*f) == 0 {
		m.spare = append(m.spare, *f)
		*f = nil
	}
}

func (o *watch) arrived(c *conn, a *ask, id blockID, bad bool) {
	m := o.model(c.client)
	m.room(id)
	m.sound[id] = !bad
	m.came[id] = o.w.now
	if _, twice := m.bench.sender[id]; !twice {
		m.bench.sender[id] = c
	}
	c.heard = o.w.now
	m.took(id, a)
	for _, other := range c.client.conns {
		other.slow = other.tardy(o.w.now)
	}
}

func (o *watch) over(c *conn, a *ask) { o.land(c, a) }

// land takes note that a range is over, or no longer waited for.
func (o *watch) land(c *conn, a *ask) {
	m := o.model(c.client)
	c.idleAt = o.w.now
	c.slow = c.slow || o.w.now-a.at > tardyTime
	if !a.cancelled {
		m.busyAt = o.w.now
	}
	for _, id := range a.blocks[a.next:] {
		m.room(id)
		m.took(id, a)
	}
}

func (o *watch) connEnded(c *conn) {
	o.losing(c)
	c.slow = c.slow || c.short || c.toCome() > 0 // however little time it took, it counts
	for _, a := range c.asks {
		o.land(c, a)
	}
}

func (o *watch) served(s *node, id blockID) {
	if s.core != nil && !s.holds(id) {
		o.w.fail("serving", "%v serves block %d, which it does not hold", s, id)
	}
}

func (o *watch) late(c *conn) {
	if c.server.honest() && !c.server.hinders() {
		o.w.fail("progress", "%v waited %v for a block of %v", c.client, rangeTime, c.server)
	}
}
