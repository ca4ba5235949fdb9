package chain

// hold records that the caller has b's body.
func (c *Core) hold(b *block, bytes int) {
	c.tree.hold(b, bytes)
	c.planner.held(b)
	if c.prune(b); b.gone {
		return
	}
	if b.parent.ready {
		c.tree.makeReady(b)
		c.aside = c.aside || !b.onPath
	}
}

// unhold lets the body of b go, which is neither adopted nor kept, and not on path:
// bodies are dropped from old forks only after a switch, when path goes on from our
// tip.
func (c *Core) unhold(b *block) {
	c.tree.unhold(b)
	c.planner.unheld(b)
	c.emit(Forget{b.point})
	c.planner.await(b) // it may have come from another peer than is to send it
}

// prune removes b from the tree if nothing needs it, and then its ancestors likewise.
func (c *Core) prune(b *block) {
	if !b.needed() {
		c.forget(c.tree.prune(b))
	}
}

// forget lets go of what belongs to blocks that have left the tree. The bodies of those
// that became immutable stay with the caller.
func (c *Core) forget(removed []*block) {
	for i, b := range removed {
		removed[i] = nil
		c.planner.rememberClaims(b)
		if !b.held || b.adopted {
			continue
		}
		b.held, b.bytes = false, 0
		c.planner.unheld(b)
		c.emit(Forget{b.point})
	}
}
