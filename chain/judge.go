package chain

// The judge is led from block to block along one chain: the best whose blocks are there.
// What it has begun is gone on with as long as that may become our chain; so two forks
// that grow in turn do not keep both from being judged to their ends.

// adoptJudged adopts the block where the judge stands, if that is on the way to what is
// to be adopted and better than our chain. It reports whether it left path for that.
func (c *Core) adoptJudged() bool {
	c.planner.countReady()
	c.aside = false
	b := c.tree.stands
	if c.court.asked != nil || b.adopted || b.kept {
		return false
	}
	if !c.tree.better(b, c.tree.tip) && !(c.yield && b.onPath) {
		return false
	}
	if goal := c.goal(); goal == nil || !leads(b, goal) {
		return false
	}
	if b.onPath {
		n := c.planner.index(b) + 1
		c.switchTo(b)
		c.planner.pop(n)
		return false
	}
	c.planner.cut(0) // it may begin on what we leave or adopt
	c.switchTo(b)
	return true
}

// ask asks the judge about the next block, unless it is asked about one already.
func (c *Core) ask() {
	if c.court.asked == nil {
		if goal := c.goal(); goal != nil {
			if b := c.next(goal); b != nil {
				c.court.asked, c.tree.stands = b, b.parent
				c.emit(Judge{b.h, b.parent.tip(), b.valid})
			}
		}
	}
	path := &c.planner.path
	c.planner.judging = c.court.asked != nil || path.Len() > 0 && path.Last().barrier != nil
}

// goal returns the block to which the judge is led: the last of the blocks of a candidate
// that are there, may be judged now, and are better than our chain.
func (c *Core) goal() *block {
	pl, t := &c.planner, &c.tree
	var best *block
	if pl.readyN > 0 {
		if b := pl.path.At(pl.readyN - 1).open(); !b.adopted && (c.yield || t.better(b, t.tip)) {
			best = b
		}
	}
	begun := best != nil && t.stands.onPath
	if begun {
		return best
	}
	for _, p := range pl.peers {
		if p.phase != following || p.tip.gone {
			continue
		}
		b := p.tip.open()
		if b.onPath {
			continue
		}
		for !b.ready && b.parent != nil {
			b = b.parent
		}
		// What we left for a better chain is not gone back to, see aim.
		if !b.ready || b.adopted || b.kept || !t.better(b, t.tip) {
			continue
		}
		if on := !t.stands.adopted && leads(t.stands, b); best == nil || on && !begun || on == begun && t.better(b, best) {
			best, begun = b, on
		}
	}
	return best
}

// next returns the block to ask about on the way to goal, nil if the judge stands there.
// Blocks of which only the point is known are passed over.
func (c *Core) next(goal *block) *block {
	path, at := &c.planner.path, c.tree.stands
	if goal.onPath {
		switch {
		case at == goal:
			return nil
		case at.onPath && c.planner.index(at) < c.planner.index(goal):
			return path.At(c.planner.index(at) + 1)
		case path.At(0).parent == at:
			return path.At(0)
		}
	}
	var next *block
	b := goal
	down := func() {
		if !b.bare {
			next = b
		}
		b = b.parent
	}
	for b.height > at.height {
		down()
	}
	for at.height > b.height {
		at = at.parent
	}
	for b != at {
		down()
		at = at.parent
	}
	return next
}

// leads reports whether b is on the way to goal, or is goal.
func leads(b, goal *block) bool {
	for goal.height > b.height && goal != b {
		goal = goal.parent
	}
	return goal == b
}
