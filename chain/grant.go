package chain

// grant lets headers flow as far as the bounds allow.
func (c *Core) grant() {
	for _, p := range c.peers {
		if p.phase != following {
			continue
		}
		n, full := c.allowance(p)
		if full && p.credit == 0 {
			c.crowdOut(p)
		}
		if n > 0 {
			c.credits.grant(&p.credit, n)
			c.emit(RequestHeaders{p.id, n})
		}
	}
}

// allowance returns how many headers to grant p now, and whether there would be
// some but for those that nobody adopted.
func (c *Core) allowance(p *peer) (n int, full bool) {
	d := demand{credit: p.credit, side: c.side}
	if p.announced.BlockNo > p.tip.no {
		d.toCome = p.announced.BlockNo - p.tip.no
	}
	// Numbers, not heights: those do not count what Config.Points leaves out.
	d.lead = int64(p.tip.no - c.tip.no)
	if c.tip.bare {
		d.lead = int64(p.tip.height - c.tip.height)
	}
	return c.credits.allowance(d)
}

// crowdOut makes room for p's headers: of the other peers whose candidates
// are forks not better than our chain, the worst has to go.
func (c *Core) crowdOut(p *peer) {
	var worst *peer
	for _, q := range c.peers {
		if q == p || q.phase != following || q.tip.adopted || q.tip.kept || c.better(q.tip, c.tip) {
			continue
		}
		if worst == nil || c.better(worst.tip, q.tip) {
			worst = q
		}
	}
	if worst != nil {
		c.endChainSync(worst, ErrCrowdedOut, retryNoIntersection)
	}
}
