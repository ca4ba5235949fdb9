package chain

func (c *Core) intersected(ev Intersected) {
	p := c.byID[ev.Peer]
	if p == nil || p.phase != finding {
		return
	}
	known := false
	for _, q := range p.offered {
		known = known || q == ev.Point
	}
	if !known {
		c.disconnect(p, &IntersectionError{ev.Point, p.offered})
		return
	}
	b := c.tree.onChain(ev.Point)
	if b == nil { // our chain changed in the meantime
		c.find(p)
		return
	}
	p.phase, p.offered, p.announced = following, nil, ev.Tip
	c.retip(p, b)
}

func (c *Core) noIntersection(ev NoIntersection) {
	if p := c.byID[ev.Peer]; p != nil && p.phase == finding {
		p.announced = ev.Tip
		c.endChainSync(p, ErrNoIntersect, retryNoIntersection)
	}
}

// following returns the peer if its messages are about a candidate; others
// are late ones of an earlier session.
func (c *Core) following(id PeerID) *peer {
	if p := c.byID[id]; p != nil && p.phase == following && !p.tip.gone {
		return p
	}
	return nil
}

func (c *Core) headers(ev Headers) {
	p := c.following(ev.Peer)
	if p == nil {
		return
	}
	p.announced = ev.Tip
	for i := range ev.Headers {
		b, fresh, err := c.tree.extend(p.tip, &ev.Headers[i])
		if err != nil {
			c.disconnect(p, err)
			return
		}
		if fresh {
			c.planner.comeBack(b)
			c.recognize(b)
		}
		c.retip(p, b)
		c.credits.spend(&p.credit)
	}
}

// rolledBack cuts the candidate. The point may be any on it down to the
// anchor, also its end: the first update of a session is such a rollback.
func (c *Core) rolledBack(ev RolledBack) {
	p := c.following(ev.Peer)
	if p == nil {
		return
	}
	p.announced = ev.Tip
	b, gap := p.tip, false
	for b.point != ev.Point && b != c.tree.anchor && b.point.Slot >= ev.Point.Slot {
		gap = gap || b.bare
		b = b.parent
	}
	switch {
	case b.point == ev.Point:
	case gap: // between two of Config.Points; an older one will do
		c.find(p)
		return
	default:
		c.endChainSync(p, ErrRolledBackTooFar, retryRolledBack)
		return
	}
	// What it refused may have been what it rolled back.
	p.idleTill = 0
	c.retip(p, b)
}
