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

func (c *conn) wantFind(w *world, points []ledger.Point) {
	c.finding, c.points, c.granted = true, points, 0
	if c.outstanding > 0 {
		w.agenda.plan(w.now+drainTime, drainLimit).conn = c
	}
	c.find(w)
}

// find sends the wanted request once all that was outstanding is collected.
func (c *conn) find(w *world) {
	if c.points == nil || c.outstanding > 0 {
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
		if b.bad || b.misfit && w.watch.model(c.client).Bare {
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
	c.end = w.tree.height(id)
	c.theirs = int(tip.BlockNo) + 1
	want, known := w.watch.reach(c, id)
	w.watch.cutBack(c, id)
	ev := chain.RolledBack{Peer: c.id, Point: w.tree.point(id), Tip: tip}
	if known {
		c.judged(w, want, ev)
	} else {
		c.client.step(ev)
	}
	if c.up {
		c.pump(w)
	}
}
