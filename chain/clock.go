package chain

import "time"

// wake does what was put off until now, and finds new intersections for
// candidates that our chain left more than k blocks behind.
func (c *Core) wake() {
	c.recall()
	for _, p := range c.planner.peers {
		switch {
		case p.phase == ended && p.retryAt <= c.now,
			p.phase == following && p.tip.gone:
			c.find(p)
		case c.cfg.Judge && c.hopeless(p):
			c.endChainSync(p, ErrInvalidChain, retryNoIntersection)
		}
		if len(p.spans) == 0 {
			continue
		}
		if p.stallAt <= c.now && p.awaited() != nil {
			p.stallAt = c.now + c.cfg.StallTimeout
			if c.replaceable(p) {
				p.stalled = true
				c.planner.cancel(p)
			}
		}
		c.planner.judge(p)
	}
}

// awaited returns the oldest range of p with blocks that are waited for from it,
// nil if there is none.
func (p *peer) awaited() *span {
	for _, s := range p.spans {
		if s.own > 0 {
			return s
		}
	}
	return nil
}

// replaceable reports whether another peer offers a chain better than ours.
func (c *Core) replaceable(p *peer) bool {
	for _, q := range c.planner.peers {
		if q != p && q.phase == following && !q.stalled && !q.tip.gone && c.tree.better(q.tip.sound(), c.tree.tip) {
			return true
		}
	}
	return false
}

// Deadline returns when to call Step with a [Tick] unless an event comes
// first; ok is false if nothing waits for time to pass.
func (c *Core) Deadline() (at time.Duration, ok bool) {
	earlier := func(t time.Duration) {
		if t > c.now && (!ok || t < at) {
			at, ok = t, true
		}
	}
	for _, p := range c.planner.peers {
		if p.phase == ended {
			earlier(p.retryAt)
		}
		earlier(p.idleTill)
		if p.awaited() != nil {
			earlier(p.stallAt)
		}
		if s := p.due(); s != nil && !c.planner.late(p) {
			earlier(max(p.pace.of(s).lookAt, c.now+1))
		}
	}
	for _, w := range c.court.waits {
		earlier(w.till)
	}
	earlier(c.planner.hurryAt)
	return at, ok
}
