package sim

import (
	"time"

	"github.com/ouronet/ouronet/chain"
)

// cancelled takes note of a range that is no longer waited for, for which there
// are three reasons.
func (o *watch) cancelled(c *conn, a *ask) {
	o.land(c, a)
	silent := o.w.now-c.heard >= stallTimeout
	there := true
	for _, id := range a.blocks[a.next:] {
		there = there && c.client.holds(id)
	}
	late := a.again && o.w.now-c.asks[0].at > tardyTime
	falsified := !there && o.falsified(c.client, a.blocks[a.next])
	if !silent && !c.refusing && !there && !late && !falsified && !o.lost(c.client, a.blocks[len(a.blocks)-1]) {
		o.w.fail("patience", "%v gives %v up %v after the last block", c.client, c.server, o.w.now-c.heard)
	}
}

// ending reports whether n is still to be told of the end of a range that was not
// sent.
func (n *node) ending(c *conn) bool {
	for _, ev := range n.late {
		if failed, ok := ev.(chain.FetchFailed); ok && failed.Peer == c.id {
			return true
		}
	}
	return false
}

// patient looks whether n waits too long for a server while another one could
// have done better for some time. It does not see every step, so how long is
// counted from what is noted when it happens.
func (o *watch) patient(n *node) {
	const most = 2*stallTimeout + time.Second
	m := o.model(n)
	busy := len(n.owed) > 0 || n.asked != 0
	for _, c := range n.conns {
		if c.sent > 0 && c.limit < o.w.now {
			o.w.fail("patience", "%v still waits for a block of %v, which had until %v", n, c.server, c.limit)
		}
		for _, a := range c.asks {
			busy = busy || !a.cancelled
		}
	}
	for _, other := range n.conns {
		d := o.spare(m, other)
		if d <= most || o.deferred(n, other.seen.at) {
			continue
		}
		if d = min(d, o.w.now-m.busyAt); d > most && !busy && !m.Bare {
			o.w.fail("patience", "%v does not ask %v for blocks for %v", n, other.server, d)
		}
		for _, c := range n.conns {
			if len(c.asks) > 0 && o.w.now-c.heard > most && !c.asks[0].cancelled {
				o.w.fail("patience", "%v waits %v for %v, and %v is idle", n, o.w.now-c.heard, c.server, other.server)
			}
		}
	}
}

// spare returns for how long the server could have been asked for what the
// client lacks, and was not.
func (o *watch) spare(m *model, c *conn) time.Duration {
	if !c.seen.active || len(c.asks) > 0 || !o.better(m, c.seen.at) {
		return 0
	}
	return o.w.now - max(c.seen.since, c.idleAt, c.restTill)
}

// lost reports whether a block cannot be adopted any more.
func (o *watch) lost(n *node, id blockID) bool {
	m := o.model(n)
	for !m.has(id) {
		id = o.w.tree.blocks[id].parent
	}
	return o.w.tree.height(id) < m.fixed || m.Bare
}

// toCome returns how many blocks the server was asked for and did not send.
func (c *conn) toCome() int {
	n := 0
	for _, a := range c.asks {
		n += len(a.blocks) - a.next
	}
	return n
}

// refusedAll is told that the core knows of a refusal: nothing else is to be
// waited for, and the server is to be left alone for a second, twice that after
// the second refusal, and so on.
func (o *watch) refusedAll(c *conn) {
	c.refusing = false
	for _, a := range c.asks {
		if !a.cancelled {
			o.w.fail("refusal", "%v still waits for %d blocks of %v, which has refused", c.client, len(a.blocks), c.server)
		}
	}
	c.restTill = o.w.now + time.Duration(c.refusals)*time.Second
}
