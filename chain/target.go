package chain

// aim makes path lead to the best candidate that is better than our chain. Those
// that only late peers have come after all others, unless their blocks are there:
// a longer chain that is fed slowly must not keep us from another. Last come those that
// cannot be judged yet.
func (c *Core) aim() {
	var best *block
	rank := prompt                // of best
	if c.planner.path.Len() > 0 { // of equals, stay with the one being fetched
		if b := c.planner.path.Last(); c.tree.better(b, c.tree.tip) {
			if wanted, r := c.wanted(b); wanted {
				best, rank = b, r
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
			if rank > prompt {
				rank = min(rank, c.rank(p))
			}
			continue
		}
		if !c.tree.better(end, c.tree.tip) && !(c.tree.tip.bare && c.overdue(p)) {
			continue
		}
		r := c.rank(p)
		if best == nil || r < rank || r == rank && c.tree.better(end, best) {
			best, rank = end, r
		}
	}
	// Only one that is overdue is not better.
	c.yield = c.tree.tip.bare && best != nil && !c.tree.better(best, c.tree.tip)
	c.planner.setTarget(best)
}

// rank says which candidates come before others, the lower one first.
type rank uint8

const (
	prompt   rank = iota
	slow          // its peer is late, or must be left alone
	deferred      // the judge is to be asked about it later
)

// rank returns the rank of p's candidate.
func (c *Core) rank(p *peer) rank {
	end := p.tip.sound()
	switch {
	case end.barrier != nil:
		return deferred
	case !end.ready && (c.planner.late(p) || p.idleTill > c.now):
		return slow
	}
	return prompt
}

// overdue reports whether p left our chain, of whose tip only the point is known, so
// long ago that the bounds let no more of its headers in, although none is yet later
// than our tip.
func (c *Core) overdue(p *peer) bool {
	if p.credit > 0 {
		return false
	}
	n, _ := c.allowance(p)
	return n == 0
}

// wanted reports whether peers that are not stalled have a candidate ending at b,
// and the lowest rank that it has with one of them.
func (c *Core) wanted(b *block) (ok bool, lowest rank) {
	for _, p := range c.planner.peers {
		if p.phase != following || p.stalled || p.tip.sound() != b {
			continue
		}
		if r := c.rank(p); !ok || r < lowest {
			if ok, lowest = true, r; r == prompt {
				break
			}
		}
	}
	return ok, lowest
}
