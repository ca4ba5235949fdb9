package sim

import (
	"errors"
	"time"

	"github.com/ouronet/ouronet/chain"
)

const (
	// pipelined is how many ranges the client sends before the first is done.
	pipelined = 2

	// rangeTime is the time limit of block-fetch for the next message.
	rangeTime = 60 * time.Second
)

var errBadBody = errors.New("sim: body does not fit its header")

// ask is a range wanted.
type ask struct {
	id        chain.RangeID
	blocks    []blockID
	next      int // of blocks, the first that did not come
	at        time.Duration
	again     bool // the oracle saw that others were to send some of it
	cancelled bool
}

// fetchClient is block-fetch as the client sees it.
type fetchClient struct {
	asks  []*ask        // oldest first
	sent  int           // of asks
	limit time.Duration // for the next message, while asks are sent
	timed bool          // an event is planned for it

	denies bool // the server has no block for this client
}

func (c *conn) wantRange(w *world, e chain.Fetch) {
	a := &ask{id: e.Range, at: w.now, blocks: make([]blockID, len(e.Headers))}
	for i, h := range e.Headers {
		a.blocks[i], _ = w.tree.idOf(h.Hash)
	}
	w.watch.asked(c, a)
	c.asks = append(c.asks, a)
	c.push(w)
}

// push sends what waits, as far as it may be pipelined.
func (c *conn) push(w *world) {
	for c.sent < min(len(c.asks), pipelined) {
		if c.sent == 0 {
			c.limit = w.now + rangeTime
		}
		a := c.asks[c.sent]
		c.sent++
		w.send(c, upFetch, serverRange).ask = a
		if !c.timed {
			c.timed = true
			w.agenda.plan(c.limit, rangeLimit).conn = c
		}
	}
}

// cancel answers at once for a range that was not sent.
func (c *conn) cancel(w *world, id chain.RangeID) {
	for i, a := range c.asks {
		if a.id != id {
			continue
		}
		w.watch.cancelled(c, a)
		a.cancelled = true
		if i >= c.sent {
			c.asks = append(c.asks[:i], c.asks[i+1:]...)
			c.client.tell(chain.FetchFailed{Peer: c.id, Range: id})
		}
		return
	}
}

// timeOut ends the connection if the server has been silent for too long.
func (c *conn) timeOut(w *world) {
	c.timed = false
	if !c.up || c.sent == 0 {
		return
	}
	if w.now < c.limit {
		c.timed = true
		w.agenda.plan(c.limit, rangeLimit).conn = c
		return
	}
	w.watch.late(c)
	w.end(c)
}

// serveRange plans all that the server will send for a range: its blocks go
// one after the other at the connection's speed.
func (c *conn) serveRange(w *world, a *ask) {
	s := c.server
	first, last := a.blocks[0], a.blocks[len(a.blocks)-1]
	if s.manner == Withholding && (c.denies || w.peers.IntN(3) > 0) {
		if c.denies || w.peers.IntN(2) == 0 {
			w.send(c, downFetch, clientNone).ask = a
		}
		return
	}
	if s.manner != Lying && (!s.has(first) || !s.has(last)) {
		w.send(c, downFetch, clientNone).ask = a
		return
	}
	for _, id := range a.blocks {
		if s.manner == Withholding && w.peers.IntN(20) == 0 {
			return
		}
		bad := false
		if w.lies(s) {
			switch w.peers.IntN(4) {
			case 0:
				bad = true
			case 1:
				id = blockID(1 + w.peers.IntN(len(w.tree.blocks)-1))
			case 2:
				w.send(c, downFetch, clientDone).ask = a
				return
			case 3: // a refusal, or one that comes too late
				w.send(c, downFetch, clientNone).ask = a
				return
			}
		}
		w.watch.served(s, id)
		c.sendBlock(w, a, id, bad)
	}
	c.last[downFetch] = max(c.last[downFetch], c.sendFree)
	w.send(c, downFetch, clientDone).ask = a
}

func (c *conn) sendBlock(w *world, a *ask, id blockID, bad bool) {
	if c.server.manner == Hoarding && w.peers.IntN(4) > 0 {
		if w.peers.IntN(3) == 0 {
			w.agenda.plan(w.now+time.Duration(20+w.peers.IntN(980))*time.Millisecond, resetByPeer).conn = c
		}
		c.sendFree = max(c.sendFree, w.now) + time.Duration(1000+w.peers.IntN(19_000))*time.Millisecond
	}
	c.sendFree = max(c.sendFree, w.now) + time.Duration(w.tree.blocks[id].size)*c.perKB/1024
	at := max(c.sendFree+c.latency, c.last[downFetch])
	c.last[downFetch] = at
	e := w.agenda.plan(at, clientBlock)
	e.conn, e.ask, e.a, e.flag = c, a, int32(id), bad
}

// block takes a body. What a driver finds by itself ends the connection; the
// rest is for the core to find.
func (c *conn) block(w *world, a *ask, id blockID, bad bool) {
	c.limit = w.now + rangeTime
	n := c.client
	expected := a.next < len(a.blocks) && a.blocks[a.next] == id
	if bad {
		w.watch.blamed(c, errBadBody)
		w.end(c)
		return
	}
	want := badRange
	if expected {
		want = fine
		a.next++
		c.slow = c.slow || w.now-a.at > tardyTime
		n.hold(id, true)
		w.watch.arrived(c, a, id, bad)
	}
	c.judged(w, want, chain.BlockFetched{Peer: c.id, Range: a.id, Point: w.tree.point(id), Bytes: int(w.tree.blocks[id].size)})
	if inv := w.watch.model(n).bench.invalid; len(inv) > 0 && expected && n.holds(id) && w.tree.height(id) >= w.tree.height(inv[len(inv)-1]) {
		w.watch.letGo(n)
	}
}

// over ends a range at the client.
func (c *conn) over(w *world, a *ask, none bool) {
	c.limit = w.now + rangeTime
	for i, x := range c.asks {
		if x == a {
			c.asks = append(c.asks[:i], c.asks[i+1:]...)
			c.sent--
			break
		}
	}
	w.watch.over(c, a)
	var ev chain.Event = chain.RangeDone{Peer: c.id, Range: a.id}
	want := fine
	switch {
	case none:
		ev = chain.NoBlocks{Peer: c.id, Range: a.id}
		want = w.watch.refusals(c, a)
	case a.next < len(a.blocks):
		want = badRange
	}
	c.short = want == badRange
	c.judged(w, want, ev)
	c.short = false
	if c.up {
		if c.refusing {
			w.watch.refusedAll(c)
		}
		c.push(w)
	}
}
