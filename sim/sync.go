package sim

import (
	"errors"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// depth is the most requests for headers under way.
const depth = 100

// Time limits of chain-sync: for the answer to a search for an intersection and
// to a request for headers, and for the next block after a peer said that there
// is none yet. Between them nobody is at fault.
const (
	intersectTime = 10 * time.Second
	answerTime    = 10 * time.Second
	nextTime      = 911 * time.Second
)

// drainTime is how long a peer at its tip may keep chain-sync from being
// started anew.
const drainTime = 300 * time.Second

var errBadHeader = errors.New("sim: header does not verify")

// syncClient is chain-sync as the client sees it.
type syncClient struct {
	finding     bool           // replies are void until an intersection is found
	points      []ledger.Point // to be sent when nothing is outstanding
	granted     int            // headers to come at most
	mayAsk      int            // oracle: the same, as the core said
	outstanding int            // requests without a reply
	end         int            // height of the last header that came
	theirs      int            // height that the server announced
}

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

func (c *conn) wantFind(w *world, points []ledger.Point) {
	c.finding, c.points = true, points
	if w.sc.bug != staleGrant {
		c.granted = 0
	}
	if c.outstanding > 0 {
		w.agenda.plan(w.now+drainTime, drainLimit).conn = c
	}
	c.find(w)
}

// find sends the wanted request once all that was outstanding is collected.
func (c *conn) find(w *world) {
	if c.points == nil || c.outstanding > 0 && w.sc.bug != notDrained {
		return
	}
	w.send(c, upSync, serverFind).points = c.points
	c.offered, c.points = c.points, nil
	c.outstanding = 0
}

// pump asks for headers: for as many as the server seems to have, and for one
// when it seems to have none.
func (c *conn) pump(w *world) {
	if c.finding {
		return
	}
	n := min(c.granted, depth, max(c.theirs-c.end, 1)) - c.outstanding
	if n <= 0 {
		return
	}
	c.outstanding += n
	w.watch.headersAsked(c)
	w.send(c, upSync, serverNext).a = int32(n)
}

func (c *conn) drained(w *world) {
	if c.up && c.finding && c.points != nil && c.outstanding > 0 {
		w.end(c)
	}
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
			if w.sc.bug == rollbackLostOnReconnect {
				c.rolled = false
			}
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
		c.at = s.tip()
		c.rolled = s.w.sc.bug != rollbackLostOnSwitch
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

// found takes the answer to find at the client.
func (c *conn) found(w *world, e *event) {
	if c.points != nil { // asked anew in the meantime
		c.find(w)
		return
	}
	c.finding = false
	c.theirs = int(e.tip.BlockNo) + 1
	if e.flag {
		w.watch.synced(c, 0, false)
		c.judged(w, noIntersection, chain.NoIntersection{Peer: c.id, Tip: e.tip})
		return
	}
	id := blockID(e.a)
	c.end = w.tree.height(id)
	w.watch.synced(c, id, true)
	p := w.tree.point(id)
	c.judged(w, w.watch.intersection(c, p), chain.Intersected{Peer: c.id, Point: p, Tip: e.tip})
	if c.up {
		c.pump(w)
	}
}

// headers takes n headers, the last of which is id.
func (c *conn) headers(w *world, id blockID, n int, tip ledger.Tip) {
	c.outstanding -= n
	if c.finding {
		c.find(w)
		return
	}
	c.granted -= n
	c.end += n
	c.theirs = int(tip.BlockNo) + 1
	n = min(n, w.tree.height(id)) // a liar's
	want := w.watch.link(c, id, n)
	w.watch.extended(c, id, n)
	if cap(w.batch) < n {
		w.batch = make([]ledger.Header, n)
	}
	hs := w.batch[:n]
	bad := n
	for i, x := n-1, id; i >= 0; i-- {
		b := &w.tree.blocks[x]
		hs[i] = b.h
		// A core that resumed from points may have no number to compare with;
		// then it is for the check to find.
		if (b.bad || b.misfit && w.watch.model(c.client).bare) && w.sc.bug != headerUnchecked {
			bad = i
		}
		x = b.parent
	}
	if bad > 0 {
		c.judged(w, want, chain.Headers{Peer: c.id, Headers: hs[:bad], Tip: tip})
	}
	if bad < n && c.up {
		c.judged(w, badHeader, chain.BadHeader{Peer: c.id, Point: hs[bad].Point(), Err: errBadHeader})
	}
	if c.up {
		c.pump(w)
	}
}

func (c *conn) rolledBack(w *world, id blockID, tip ledger.Tip) {
	c.outstanding--
	if c.finding {
		c.find(w)
		return
	}
	if w.sc.bug == rollbackUsesGrant {
		c.granted--
	}
	c.end = w.tree.height(id)
	c.theirs = int(tip.BlockNo) + 1
	want, known := w.watch.reach(c, id)
	w.watch.cutBack(c, id)
	ev := chain.RolledBack{Peer: c.id, Point: w.tree.point(id), Tip: tip}
	switch {
	case w.sc.bug == rollbackNotTold:
	case known:
		c.judged(w, want, ev)
	default:
		c.client.step(ev)
	}
	if c.up {
		c.pump(w)
	}
}
