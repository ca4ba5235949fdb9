package sim

import (
	"errors"
	"slices"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// verdict is what a core is to say of a message. The oracle has its own idea of
// that, from the messages alone; a lie that goes through is found even if it
// did no harm.
type verdict string

const (
	fine            verdict = "nothing"
	badIntersection verdict = "an intersection that was not offered"
	noIntersection  verdict = "no intersection"
	badLink         verdict = "a header that does not follow"
	badHeader       verdict = "a header that does not verify"
	tooFarBack      verdict = "a rollback behind what may change"
	badRange        verdict = "other blocks than asked for"
	badBlock        verdict = "a block that can be valid nowhere"
	unavailable     verdict = "blocks announced and refused again and again"
)

// verdictOf says what an error of a core means.
func verdictOf(err error) verdict {
	var (
		intersection *chain.IntersectionError
		link         *chain.LinkError
		header       *chain.HeaderError
		blocks       *chain.RangeError
		refused      *chain.UnavailableError
		block        *chain.InvalidBlockError
	)
	switch {
	case errors.As(err, &intersection):
		return badIntersection
	case errors.As(err, &link):
		return badLink
	case errors.As(err, &header):
		return badHeader
	case errors.As(err, &blocks):
		return badRange
	case errors.As(err, &block):
		return badBlock
	case errors.As(err, &refused):
		return unavailable
	case errors.Is(err, chain.ErrNoIntersect):
		return noIntersection
	case errors.Is(err, chain.ErrRolledBackTooFar):
		return tooFarBack
	}
	return fine
}

// judged gives the core an event and compares what it says of the server.
func (c *conn) judged(w *world, want verdict, ev chain.Event) {
	c.verdict = fine
	c.client.step(ev)
	if c.verdict != want && w.failure == nil {
		w.fail("blame", "%v finds %s with %v, which sent %s", c.client, c.verdict, c.server, want)
	}
}

// ruled is told what a core said of a server.
func (o *watch) ruled(c *conn, err error) {
	if !errors.Is(err, chain.ErrCrowdedOut) {
		c.verdict = verdictOf(err)
	}
}

func (o *watch) blamed(c *conn, err error) {
	if c.server.honest() {
		o.w.fail("blame", "%v blames %v: %v", c.client, c.server, err)
	}
	o.w.result.Blamed++
}

// intersection judges the answer to a request.
func (o *watch) intersection(c *conn, p ledger.Point) verdict {
	if !slices.Contains(c.offered, p) {
		return badIntersection
	}
	return fine
}

// link judges n headers, the last of which is id.
func (o *watch) link(c *conn, id blockID, n int) verdict {
	if o.w.tree.back(id, n) != c.seen.at || o.w.tree.blocks[id].misfit && !o.model(c.client).Bare {
		return badLink
	}
	return fine
}

// reach judges a rollback. A core that resumed from points may know less.
func (o *watch) reach(c *conn, id blockID) (v verdict, known bool) {
	m := o.model(c.client)
	h := o.w.tree.height(id)
	d := o.w.tree.height(c.seen.at) - h
	if d < 0 || o.w.tree.back(c.seen.at, d) != id || h < m.fixed {
		return tooFarBack, !m.Bare
	}
	return fine, !m.Bare
}

// refusals judges NoBlocks, and notes whom to leave alone for a while.
func (o *watch) refusals(c *conn, a *ask) verdict {
	const most = 5
	switch {
	case a.next > 0:
		return badRange
	case a.cancelled:
		return fine
	}
	if c.refused != a.blocks[0] {
		c.refused, c.refusals, c.unheard = a.blocks[0], 0, false
	}
	c.refusing = true
	c.refusals++
	c.unheard = c.seen.active && (c.unheard || o.w.sc.Judged && c.mayAsk == 0)
	switch {
	case c.refusals >= most && c.unheard: // it could not tell of a rollback
		c.refusals, c.refused = 1, 0
	case c.refusals >= most:
		return unavailable
	}
	return fine
}
