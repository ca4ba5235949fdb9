package chain

// aim makes path lead to the best candidate that is better than our chain. Those
// that only late peers have come after all others, unless their blocks are there:
// a longer chain that is fed slowly must not keep us from another.
func (c *Core) aim() {
	var best *block
	late := false                 // all that have best are, or must be left alone
	if c.planner.path.len() > 0 { // of equals, stay with the one being fetched
		if b := c.planner.path.last(); !b.gone && c.tree.better(b, c.tree.tip) {
			if wanted, slow := c.wanted(b); wanted {
				best, late = b, slow
			}
		}
	}
	for _, p := range c.planner.peers {
		// A tip that we left for a better one is not worth a second look
		// before it grows: ties could lead in a circle.
		if p.phase != following || p.stalled {
			continue
		}
		end := p.tip.sound()
		if end.adopted || end.kept {
			continue
		}
		if end == best {
			late = late && c.slow(p)
			continue
		}
		if !c.tree.better(end, c.tree.tip) && !c.overdue(p) {
			continue
		}
		slow := c.slow(p)
		if best == nil || late && !slow || late == slow && c.tree.better(end, best) {
			best, late = end, slow
		}
	}
	c.yield = best != nil && !c.tree.better(best, c.tree.tip)
	c.planner.setTarget(best)
}

// slow reports whether p's candidate is to wait for those of others.
func (c *Core) slow(p *peer) bool {
	end := p.tip.sound()
	return end.barrier != nil || !end.ready && (c.planner.late(p) || p.idleTill > c.now)
}

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
	for _, p := range c.planner.peers {
		if p.phase == following && p.tip.sound() == b && !p.stalled {
			if ok = true; !c.slow(p) {
				return true, false
			}
		}
	}
	return ok, ok
}
