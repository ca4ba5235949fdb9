package sim

import (
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// syncServer is chain-sync as the server sees it.
type syncServer struct {
	at      blockID // where the follower stands
	serving bool
	rolled  bool // it is to be told so
	pending int  // requests without a reply

	// Of a server that falls silent, and what its client makes of it.
	muteAt   time.Duration
	muted    bool
	patience time.Duration // after a request for headers
}

// serveFind answers with the first of points that is on the server's chain.
func (c *conn) serveFind(w *world, points []ledger.Point) {
	s := c.server
	if c.mute(w, intersectTime) {
		return
	}
	if c.pending > 0 {
		w.watch.outOfTurn(c, "FindIntersect")
	}
	c.pending, c.rolled, c.serving = 0, false, false
	e := w.send(c, downSync, clientFound)
	e.tip, e.flag = s.claimed(), true
	for _, p := range points {
		if id, ok := w.tree.at(p); ok && s.has(id) {
			c.at, c.rolled, c.serving = id, true, true
			e.a, e.flag = int32(id), false
			break
		}
	}
	if w.lies(s) && len(w.tree.blocks) > 1 {
		e.a, e.flag = int32(1+w.peers.IntN(len(w.tree.blocks)-1)), false
	}
}

// mute reports whether the server has fallen silent; what it owes then has a
// time limit.
func (c *conn) mute(w *world, limit time.Duration) bool {
	if c.server.manner != Silent || w.now < c.muteAt {
		return false
	}
	if !c.muted {
		c.muted = true
		w.agenda.plan(w.now+limit, syncLimit).conn = c
	}
	return true
}

// rollBack notes that the server's chain changed.
func (c *conn) rollBack(s *node) {
	if c.serving && !s.has(c.at) {
		c.at, c.rolled = s.tip(), true
	}
}

// serve answers requests as far as the chain goes.
func (c *conn) serve(w *world) {
	s := c.server
	if !c.serving || c.pending > 0 && c.mute(w, c.patience) {
		return
	}
	for c.pending > 0 {
		if c.rolled {
			c.rolled = false
			c.pending--
			e := w.send(c, downSync, clientBack)
			e.a, e.tip = int32(c.at), s.claimed()
			if w.lies(s) {
				e.a = int32(w.peers.IntN(len(w.tree.blocks)))
			}
			continue
		}
		h := w.tree.height(c.at)
		n := min(c.pending, len(s.chain)-1-h, 1+w.link.IntN(32))
		if n <= 0 {
			return
		}
		c.pending -= n
		last := s.chain[h+n]
		c.at = last
		if w.lies(s) {
			last = w.lie(last)
		}
		w.watch.announced(s, last, n)
		e := w.send(c, downSync, clientHeaders)
		e.a, e.b, e.tip = int32(last), int32(n), s.claimed()
	}
}

// lie returns a block that should not be there: a header that does not verify or
// does not fit on the one before it, or one from elsewhere.
func (w *world) lie(id blockID) blockID {
	if w.peers.IntN(2) == 0 {
		return blockID(1 + w.peers.IntN(len(w.tree.blocks)-1))
	}
	gap := 1
	kind := w.peers.IntN(5)
	switch kind {
	case 0:
		gap = 2 * maxGap
	case 1:
		gap = 0
	}
	wrong := w.tree.grow(w.tree.blocks[id].parent, gap, 500)
	b := &w.tree.blocks[wrong]
	switch kind {
	case 0:
		b.misfit = true
	case 1, 2:
		b.misfit = true
		b.h.BlockNo += ledger.BlockNo(kind - 1)
		if b.parent == 0 { // nothing is known of what is before
			b.h.BlockNo = 1
		}
	default:
		b.bad = true
	}
	return wrong
}

func (n *node) serveAll() {
	for _, c := range n.followers {
		c.serve(n.w)
	}
}

func (n *node) claimed() ledger.Tip {
	t := n.announced()
	if n.manner == Lying {
		t.BlockNo += ledger.BlockNo(n.w.peers.IntN(1000))
	}
	return t
}
