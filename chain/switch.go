package chain

// adoptPath adopts the blocks at the start of path that are ready, if that makes
// our chain better. So what we adopt is on the candidate of a peer, and a
// switch to a fork waits until enough of it is held.
func (c *Core) adoptPath() {
	pl := &c.planner
	pl.countReady()
	if pl.readyN == 0 {
		return
	}
	if b := pl.path.At(pl.readyN - 1); c.yield || c.tree.better(b, c.tree.tip) {
		c.switchTo(b)
		pl.popReady()
	}
}

// adoptAside adopts blocks beside path that are ready, if they are of a
// candidate and better than our chain: path may be long, or get on slowly. If
// so, it leaves no path.
func (c *Core) adoptAside() bool {
	c.aside = false
	var best *block
	for _, p := range c.planner.peers {
		if p.phase != following || p.tip.gone || p.tip.onPath {
			continue
		}
		b := p.tip
		for !b.ready && b.parent != nil {
			b = b.parent
		}
		// What we left for a better chain is not gone back to, see aim.
		if b.ready && !b.adopted && !b.kept && c.tree.better(b, c.tree.tip) && (best == nil || c.tree.better(b, best)) {
			best = b
		}
	}
	if best == nil {
		return false
	}
	c.planner.cut(0) // it may begin on what we leave or adopt
	c.switchTo(best)
	return true
}

// switchTo makes b the tip of our chain. b is ready, so it leaves our chain at
// the anchor at the lowest, at most k blocks back.
func (c *Core) switchTo(b *block) {
	t := &c.tree
	route := t.route[:0]
	for ; !b.adopted; b = b.parent {
		route = append(route, b)
	}
	if b != t.tip {
		c.emit(RollBack{b.tip()})
		for t.tip != b {
			c.forget(t.abandon())
		}
	}
	for i := len(route) - 1; i >= 0; i-- {
		b := route[i]
		route[i] = nil
		t.adopt(b)
		c.planner.backlog += b.bytes
		c.emit(Adopt{b.h, b.bytes})
	}
	t.route = route
	c.forget(t.advance())
}

// evict forgets the bodies of old forks beyond k blocks of them.
func (c *Core) evict() {
	for c.tree.crowded() {
		if b := c.tree.popKept(); b != nil {
			c.tree.unkeep(b)
			c.unhold(b)
			c.prune(b)
		}
	}
	c.tree.trimKept()
}
