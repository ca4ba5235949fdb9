package chain

// aim makes path lead to the best candidate that is better than our chain. Those
// that only late peers have come after all others, unless their blocks are there:
// a longer chain that is fed slowly must not keep us from another.
func (c *Core) aim() {
	var best *block
	late := false         // all that have best are, or must be left alone
	if c.path.len() > 0 { // of equals, stay with the one being fetched
		if b := c.path.last(); !b.gone && b.tips > 0 && c.tree.better(b, c.tree.tip) {
			if wanted, slow := c.wanted(b); wanted {
				best, late = b, slow
			}
		}
	}
	for _, p := range c.peers {
		// A tip that we left for a better one is not worth a second look
		// before it grows: ties could lead in a circle.
		if p.phase != following || p.stalled || p.tip.adopted || p.tip.kept {
			continue
		}
		if p.tip == best {
			late = late && c.slow(p)
			continue
		}
		if !c.tree.better(p.tip, c.tree.tip) && !c.overdue(p) {
			continue
		}
		slow := c.slow(p)
		if best == nil || late && !slow || late == slow && c.tree.better(p.tip, best) {
			best, late = p.tip, slow
		}
	}
	c.yield = best != nil && !c.tree.better(best, c.tree.tip)
	c.setTarget(best)
}

// slow reports whether p's candidate is to wait for those of others.
func (c *Core) slow(p *peer) bool { return !p.tip.ready && (c.late(p) || p.idleTill > c.now) }

// overdue reports whether p left our chain at a point so old that the bounds let
// no more of its headers in, although none is yet later than our tip, of which
// only the point is known.
func (c *Core) overdue(p *peer) bool {
	if !c.tree.tip.bare || p.credit > 0 {
		return false
	}
	n, _ := c.allowance(p)
	return n == 0
}

// wanted reports whether peers that are not stalled have a candidate ending at b,
// and whether it is slow with all of them.
func (c *Core) wanted(b *block) (ok, slow bool) {
	for _, p := range c.peers {
		if p.tip == b && !p.stalled {
			if ok = true; !c.slow(p) {
				return true, false
			}
		}
	}
	return ok, ok
}

// setTarget rebuilds path to end at b, nil for none. What it has in common with the
// old path stays.
func (c *Core) setTarget(b *block) {
	if c.path.len() > 0 && c.path.last() == b {
		return
	}
	if b == nil {
		c.cut(0)
		return
	}
	route := c.route[:0]
	x := b
	for ; !x.onPath && !x.adopted; x = x.parent {
		route = append(route, x)
	}
	if x.onPath {
		c.cut(c.index(x) + 1)
	} else {
		c.cut(0)
	}
	for i := len(route) - 1; i >= 0; i-- {
		b := route[i]
		b.onPath = true
		if !b.held {
			c.lacking++
		}
		c.path.push(b)
	}
	clear(route)
	c.route = route
}

// cut shortens path to n blocks.
func (c *Core) cut(n int) {
	c.pathNo++
	for c.path.len() > n {
		b := c.path.popLast()
		b.onPath = false
		if !b.held {
			c.lacking--
		}
	}
	c.cursor = min(c.cursor, n)
	c.readyN = min(c.readyN, n)
}

// index returns b's place on path.
func (c *Core) index(b *block) int { return int(b.height - c.path.at(0).height) }

// rewind has the planner look at b again, a block on path.
func (c *Core) rewind(b *block) {
	if b.onPath {
		c.cursor = min(c.cursor, c.index(b))
	}
}
