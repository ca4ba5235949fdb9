package chain

import (
	"sort"

	"github.com/ouronet/ouronet/ledger"
)

// makeReady marks b, which follows our chain without a gap, and its held
// descendants.
func (c *Core) makeReady(b *block) {
	stack := append(c.stack[:0], b)
	for len(stack) > 0 {
		b := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		b.ready = true
		for x := b.child; x != nil; x = x.next {
			if x.held && !x.ready {
				stack = append(stack, x)
			}
		}
	}
	c.stack = stack
}

// adoptPath adopts the blocks at the start of path that are ready, if that makes
// our chain better. So what we adopt is on the candidate of a peer, and a
// switch to a fork waits until enough of it is held.
func (c *Core) adoptPath() {
	c.countReady()
	if c.readyN == 0 {
		return
	}
	if b := c.path.at(c.readyN - 1); c.yield || c.better(b, c.tip) {
		c.switchTo(b)
		for ; c.readyN > 0; c.readyN-- {
			c.path.popFirst().onPath = false
			c.cursor = max(0, c.cursor-1)
		}
	}
}

func (c *Core) countReady() {
	for c.readyN < c.path.len() && c.path.at(c.readyN).ready {
		c.readyN++
	}
}

// adoptAside adopts blocks beside path that are ready, if they are of a
// candidate and better than our chain: path may be long, or get on slowly. If
// so, it leaves no path.
func (c *Core) adoptAside() bool {
	c.aside = false
	var best *block
	for _, p := range c.peers {
		if p.phase != following || p.tip.gone || p.tip.onPath {
			continue
		}
		b := p.tip
		for !b.ready && b.parent != nil {
			b = b.parent
		}
		// What we left for a better chain is not gone back to, see aim.
		if b.ready && !b.adopted && !b.kept && c.better(b, c.tip) && (best == nil || c.better(b, best)) {
			best = b
		}
	}
	if best == nil {
		return false
	}
	c.cut(0) // it may begin on what we leave or adopt
	c.switchTo(best)
	return true
}

// switchTo makes b the tip of our chain. b is ready, so it leaves our chain at
// the anchor at the lowest, at most k blocks back.
func (c *Core) switchTo(b *block) {
	route := c.route[:0]
	for ; !b.adopted; b = b.parent {
		route = append(route, b)
	}
	if b != c.tip {
		c.emit(RollBack{b.tip()})
		for c.tip != b {
			c.abandon()
		}
	}
	for i := len(route) - 1; i >= 0; i-- {
		c.adopt(route[i])
	}
	clear(route)
	c.route = route
	c.advance()
}

func (c *Core) adopt(b *block) {
	if b.kept {
		c.unkeep(b)
	}
	b.adopted = true
	c.side--
	c.heldBytes -= b.bytes
	c.backlog += b.bytes
	c.adopted.push(b)
	c.tip = b
	c.emit(Adopt{b.h, b.bytes})
}

// abandon takes the tip off our chain. The block stays known until it falls
// below k, for followers that stand there and in case we come back.
func (c *Core) abandon() {
	b := c.adopted.popLast()
	if b.bare {
		c.tip = b.parent
		c.abandonBare(b)
		return
	}
	b.adopted, b.kept = false, true
	c.keptN++
	c.lastKept++
	b.keptNo = c.lastKept
	c.kept.push(keptBlock{b, b.keptNo})
	c.tip = b.parent
}

// unkeep makes b an ordinary block beside our chain.
func (c *Core) unkeep(b *block) {
	b.kept = false
	c.keptN--
	c.side++
	c.heldBytes += b.bytes
}

// keptBlock is an entry of Core.kept. A block that is left behind a second time
// has a second entry; the first must not count, or the block would be forgotten
// before those that follow it.
type keptBlock struct {
	b  *block
	no uint64
}

func (e keptBlock) live() bool { return e.b.kept && e.b.keptNo == e.no }

// evict forgets the blocks of old forks beyond k of them: a peer could make us
// switch for ever. It also keeps the queue short.
func (c *Core) evict() {
	for c.kept.len() > 0 && (c.keptN > c.cfg.K || !c.kept.at(0).live()) {
		if e := c.kept.popFirst(); e.live() {
			b := e.b
			c.unkeep(b)
			c.unhold(b)
			c.prune(b)
		}
	}
	if c.kept.len() > 2*c.keptN+64 {
		live := c.kept.buf[:0]
		for _, e := range c.kept.items() {
			if e.live() {
				live = append(live, e)
			}
		}
		clear(c.kept.buf[len(live):])
		c.kept = queue[keptBlock]{buf: live}
	}
}

// advance moves the anchor so that k blocks of our chain are above it, and
// drops the forks that leave it below.
func (c *Core) advance() {
	for c.adopted.len() > c.cfg.K {
		old, b := c.anchor, c.adopted.popFirst()
		for x := old.child; x != nil; {
			next := x.next
			if x != b {
				c.lost = true
				c.removeTree(x)
			}
			x = next
		}
		old.gone, old.child = true, nil
		c.rememberClaims(old)
		c.lost = c.lost || old.tips > 0
		b.parent, b.next, b.prev = nil, nil, nil
		c.anchor = b
		c.moved = true
	}
}

// onChain returns the block of our chain, anchor included, with the point.
func (c *Core) onChain(p ledger.Point) *block {
	if c.anchor.point == p {
		return c.anchor
	}
	n := c.adopted.len()
	i := sort.Search(n, func(i int) bool { return c.adopted.at(i).point.Slot >= p.Slot })
	for ; i < n && c.adopted.at(i).point.Slot == p.Slot; i++ {
		if b := c.adopted.at(i); b.point == p {
			return b
		}
	}
	return nil
}

// offer returns points, which all peers share as long as our chain is the same:
// there may be many, see Config.Points.
func (c *Core) offer() []ledger.Point {
	if c.offeredTip != c.tip || c.offeredAnchor != c.anchor {
		c.offeredTip, c.offeredAnchor, c.offered = c.tip, c.anchor, c.points()
	}
	return c.offered
}

// points returns what to offer for an intersection: our tip, then blocks at
// Fibonacci distances, then the anchor, which is k back or the oldest known.
// (relay-behaviour, 5.1)
func (c *Core) points() []ledger.Point {
	n := c.adopted.len()
	ps := make([]ledger.Point, 0, 20)
	for d, next := 0, 1; d < n; d, next = next, max(d+next, 2) {
		if c.tip.bare { // they were chosen by the caller
			next = d + 1
		}
		ps = append(ps, c.adopted.at(n-1-d).point)
	}
	return append(ps, c.anchor.point)
}
