package chain

import "github.com/ouronet/ouronet/ledger"

// grant lets headers flow as far as the bounds allow.
func (c *Core) grant() {
	for _, p := range c.planner.peers {
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
// some but for those that are not adopted.
func (c *Core) allowance(p *peer) (n int, full bool) {
	var toCome ledger.BlockNo
	if p.announced.BlockNo > p.tip.no {
		toCome = p.announced.BlockNo - p.tip.no
	}
	window := c.credits.window(toCome)
	if c.credits.enough(p.credit, window) {
		return 0, false
	}
	// Numbers, not heights: those do not count what Config.Points leaves out.
	lead := int64(p.tip.no - c.tree.tip.no)
	if c.tree.tip.bare {
		lead = int64(p.tip.height - c.tree.tip.height)
	}
	return c.credits.allowance(demand{p.credit, window, lead, c.tree.side})
}

// crowdOut makes room for p's headers: of the other peers whose candidates
// are forks not better than our chain, the worst has to go.
func (c *Core) crowdOut(p *peer) {
	var worst *peer
	for _, q := range c.planner.peers {
		if q == p || q.phase != following || q.tip.adopted || q.tip.kept || c.tree.better(q.tip.sound(), c.tree.tip) {
			continue
		}
		if worst == nil || c.tree.better(worst.tip, q.tip) {
			worst = q
		}
	}
	if worst != nil {
		c.endChainSync(worst, ErrCrowdedOut, retryNoIntersection)
	}
}
