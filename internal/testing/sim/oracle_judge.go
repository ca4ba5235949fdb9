package sim

import (
	"errors"
	"time"

	"github.com/ouronet/ouronet/chain"
)

// bench is what the oracles know of a node's judge.
type bench struct {
	applied                   []blockID // the chain it stands on, by height
	from                      []blockID // that chain, at the start
	said                      map[blockID]chain.Verdict
	again                     map[blockID]time.Duration // said Later: when it is to be asked again
	early                     map[blockID]bool          // it may be asked before that: the body was forgotten
	invalid                   []blockID                 // found so, the latest last
	sender                    map[blockID]*conn         // of the body that came first
	about                     *conn                     // of the block that it is asked about
	asked, deferred, repeated int                       // sums

	stale bool // the block that it is asked about was forgotten meanwhile
}

func (x *bench) start(line []blockID) {
	x.applied = append(x.applied[:0], line...)
	x.from = append(x.from[:0], line...)
	x.said, x.again, x.early = make(map[blockID]chain.Verdict), make(map[blockID]time.Duration), make(map[blockID]bool)
	x.sender = make(map[blockID]*conn)
	x.invalid = nil
	for _, id := range line {
		x.said[id] = chain.Valid
	}
}

// forgotten is told that the body of a block was, and with it maybe the block.
func (x *bench) forgotten(id, asked blockID) {
	x.early[id] = true
	delete(x.sender, id)
	x.stale = x.stale || asked == id
}

// judging looks at what the judge of n is asked.
func (o *watch) judging(n *node, id, after blockID, known, again bool) {
	m := o.model(n)
	x, t := &m.bench, o.w.tree
	m.room(id)
	fail := func(format string, args ...any) {
		o.w.fail("judge", "%v: "+format, append([]any{n}, args...)...)
	}
	h := t.height(after)
	if x.asked++; again {
		x.repeated++
	}
	x.stale, x.about = false, x.sender[id]
	switch {
	case n.asked != 0:
		fail("asked about block %d before the answer about %d", id, n.asked)
	case !known || t.blocks[id].parent != after:
		fail("asked about block %d after %d", id, after)
	case !n.holds(id) || !m.sound[id]:
		fail("asked about block %d without a sound body", id)
	case h < m.fixed && !m.Bare:
		fail("asked to go back to block %d, below what can change", after)
	case again && x.said[id] != chain.Valid:
		fail("asked again about block %d, which was not found valid", id)
	case o.w.now < x.again[id] && !x.early[id]:
		fail("asked again about block %d at %v, which was to be at %v", id, o.w.now, x.again[id])
	}
	known = h < len(x.applied) && x.applied[h] == after
	if !known && m.Bare && m.has(after) && h < len(x.from) && x.from[h] == after {
		x.applied = append(x.applied[:0], m.line[:h+1]...) // a point that it started with
		known = true
	}
	if !known {
		fail("asked to go to block %d, which is not on the way", after)
		return
	}
	x.applied = x.applied[:h+1]
	last := x.invalid[max(0, len(x.invalid)-o.w.limits.k):]
	for _, bad := range last {
		if bad == id {
			fail("asked again about block %d, which it found invalid", id)
		}
	}
}

// verdict takes note of what a judge says, and returns who is to be blamed for it.
func (o *watch) verdict(n *node, id blockID, ev chain.Judged) (sender *conn) {
	m := o.model(n)
	x := &m.bench
	m.busyAt, m.fedAt = o.w.now, o.w.now
	delete(x.again, id)
	if ev.Verdict == chain.Later {
		x.deferred++
		x.again[id], x.early[id] = o.w.now+ev.Retry, x.stale
		return nil
	}
	x.said[id] = ev.Verdict
	switch ev.Verdict {
	case chain.Valid:
		x.applied = append(x.applied, id)
	case chain.Impossible:
		sender = x.about
		fallthrough
	case chain.Invalid:
		x.invalid = append(x.invalid, id)
	}
	return sender
}

// found looks at what is adopted.
func (o *watch) found(n *node, id blockID) {
	switch m := o.model(n); {
	case !o.w.sc.Judged:
	case o.w.tree.blocks[id].rotten:
		o.w.fail("valid", "%v: block %d adopted, which is not valid", n, id)
	case m.bench.said[id] != chain.Valid:
		o.w.fail("valid", "%v: block %d adopted before it was found valid", n, id)
	}
}

// valid returns the end of the chain up to id as far as the node's judge has not found
// it invalid.
func (o *watch) valid(m *model, id blockID) blockID {
	t, x := o.w.tree, &m.bench
	if len(x.invalid) == 0 || !t.blocks[id].rotten {
		return id
	}
	end := id
	for ; t.blocks[id].rotten; id = t.blocks[id].parent {
		if v := x.said[id]; v == chain.Invalid || v == chain.Impossible {
			end = t.blocks[id].parent
		}
	}
	return end
}

// falsified reports whether the node's judge has found the chain up to id invalid.
func (o *watch) falsified(n *node, id blockID) bool { return o.valid(o.model(n), id) != id }

// open returns the end of the chain up to id as far as it is not known to be invalid, and
// the node's judge has not said of a block of it that it is to be asked later.
func (o *watch) open(n *node, id blockID) blockID {
	x, t := &o.model(n).bench, o.w.tree
	if !o.w.sc.Judged {
		return id
	}
	id = o.valid(o.model(n), id)
	end := id
	for h := t.height(id); h >= len(x.applied) || x.applied[h] != id; h-- {
		if o.w.now < x.again[id] {
			end = t.blocks[id].parent
		}
		id = t.blocks[id].parent
	}
	return end
}

// deferred reports whether the node's judge is busy, or has said of a block up to id that
// it is to be asked later.
func (o *watch) deferred(n *node, id blockID) bool {
	return n.asked != 0 || o.open(n, id) != o.valid(o.model(n), id)
}

// deferredTill returns when a block up to id was to be judged again at the latest, 0 if
// there was none.
func (o *watch) deferredTill(n *node, id blockID) (at time.Duration) {
	x, t := &o.model(n).bench, o.w.tree
	if len(x.again) == 0 {
		return 0
	}
	for h := t.height(id); h >= len(x.applied) || x.applied[h] != id; h-- {
		at = max(at, x.again[id])
		id = t.blocks[id].parent
	}
	return at
}

// letGo looks whether n still holds bodies of blocks after the one found invalid last, or
// that block's.
func (o *watch) letGo(n *node) {
	x, t := &o.model(n).bench, o.w.tree
	last := x.invalid[len(x.invalid)-1]
	for id := range blockID(len(t.blocks)) {
		if t.blocks[id].rotten && n.holds(id) && t.height(id) >= t.height(last) && t.back(id, t.height(id)-t.height(last)) == last {
			o.w.fail("leak", "%v: the body of block %d is held, and the chain to it is not valid", n, id)
		}
	}
}

// absurd looks at who is blamed for a block that can be valid nowhere.
func (o *watch) absurd(c *conn, err error) {
	var bad *chain.InvalidBlockError
	if !errors.As(err, &bad) {
		return
	}
	x := &o.model(c.client).bench
	if id, ok := o.w.tree.at(bad.Point); !ok || x.said[id] != chain.Impossible || x.about != c {
		o.w.fail("blame", "%v blames %v for block %d, of which that is not so", c.client, c.server, id)
	}
}

// astray looks at whose chain is left alone because it is not valid.
func (o *watch) astray(c *conn, err error) {
	if errors.Is(err, chain.ErrInvalidChain) && o.valid(o.model(c.client), c.seen.at) == c.seen.at {
		o.w.fail("blame", "%v finds the chain of %v invalid, which ends with block %d", c.client, c.server, c.seen.at)
	}
}
