package chain

const (
	// grantWindow is the most headers granted to a peer at once. It is above
	// the high mark of pipelining (300), so that the mark and not the core
	// sets the pace. (relay-behaviour, 5.2)
	grantWindow = 400

	// grantSpare is granted beyond what the peer announced.
	grantSpare = 8
)

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
			p.credit += n
			c.credits += n
			c.emit(RequestHeaders{p.id, n})
		}
	}
}

// allowance returns how many headers to grant p now, and whether there would be
// some but for those that nobody adopted.
func (c *Core) allowance(p *peer) (n int, full bool) {
	// Only pace follows from the announced tip: a peer that lies about it gets
	// at most the window.
	hint := grantSpare
	if n := p.announced.BlockNo; n > p.tip.no {
		hint += int(min(n-p.tip.no, grantWindow))
	}
	window := min(grantWindow, c.cfg.MaxLead)
	want := min(hint, window)
	if p.credit > want/2 {
		return 0, false
	}
	// Numbers, not heights: those do not count what Config.Points leaves out.
	lead := int64(p.tip.no - c.tip.no)
	if c.tip.bare {
		lead = int64(p.tip.height - c.tip.height)
	}
	if room := int64(c.cfg.MaxLead) - lead; lead > 0 && room < int64(want) {
		// Wait until a good part fits: grants of single headers would take the
		// pipelining away.
		if room <= int64(window/2) {
			return 0, false
		}
		want = int(room)
	}
	n = min(want-p.credit, c.cfg.MaxSideHeaders-c.side-c.credits)
	return max(n, 0), n <= 0 && want > p.credit
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
