package chain

import "time"

// wake does what was put off until now, and finds new intersections for
// candidates that our chain left more than k blocks behind.
func (c *Core) wake() {
	for _, p := range c.peers {
		switch {
		case p.phase == stopped && p.retryAt <= c.now,
			p.phase == following && p.tip.gone:
			c.find(p)
		}
		if p.waiting() && p.stallAt <= c.now {
			p.stallAt = c.now + c.cfg.StallTimeout
			if c.replaceable(p) {
				p.stalled = true
				c.cancel(p)
			}
		}
	}
}

// waiting reports whether a live range of p is in flight.
func (p *peer) waiting() bool {
	for _, s := range p.spans {
		if !s.cancelled && s.next < len(s.blocks) {
			return true
		}
	}
	return false
}

// replaceable reports whether someone else offers a chain better than ours.
func (c *Core) replaceable(p *peer) bool {
	for _, q := range c.peers {
		if q != p && q.phase == following && !q.stalled && !q.tip.gone && c.better(q.tip, c.tip) {
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
	for _, p := range c.peers {
		if p.phase == stopped {
			earlier(p.retryAt)
		}
		earlier(p.idleTill)
		if p.waiting() {
			earlier(p.stallAt)
		}
	}
	return at, ok
}
