package chain

import "github.com/ouronet/ouronet/ledger"

// plan asks for blocks of path, oldest first, as long as a peer has room.
// While a peer is busy its next range gathers, so batching needs no timer.
func (c *Core) plan() {
	for {
		for ; c.cursor < c.path.len(); c.cursor++ {
			if b := c.path.at(c.cursor); !b.held && b.span == nil {
				break
			}
		}
		if c.cursor == c.path.len() {
			return
		}
		b := c.path.at(c.cursor)
		room := c.cfg.MaxBytes - c.flying - c.heldBytes - c.backlog
		if room < max(b.size, c.cfg.MaxBytes/4) {
			// Ranges of single blocks are not worth it. But when nothing is on
			// its way to us or from us, only more blocks make room. What was
			// cancelled may never come.
			if c.backlog > 0 || c.awaited() {
				return
			}
			room = max(room, 0)
		}
		p := c.choose(b)
		if p == nil {
			return
		}
		c.request(p, room)
	}
}

// awaited reports whether blocks are on their way from a peer that was not given
// up.
func (c *Core) awaited() bool {
	for _, p := range c.peers {
		if p.waiting() {
			return true
		}
	}
	return false
}

// choose returns the peer to ask for b, the block at the cursor, or nil if none
// is free. No more peers are used at once than Config.FetchPeers, unless
// those in use do not have the block, or another is twice as fast and takes
// over. A peer that owes nothing but what was cancelled is not in use, and asked
// only if there is no other: its answers come in order.
func (c *Core) choose(b *block) *peer {
	var idle, active, server, owing *peer // server is the best in use, busy or not
	inUse := 0
	for _, p := range c.peers {
		used := p.waiting()
		if used {
			inUse++
		}
		if p.stalled || p.idleTill > c.now || len(p.spans) >= c.cfg.MaxRanges || c.reach(p) < b.height {
			continue
		}
		if p.flying == 0 {
			if idle == nil || p.faster(idle) {
				idle = p
			}
			continue
		}
		free := p.room(b) > 0
		if !used {
			if free && (owing == nil || p.faster(owing)) {
				owing = p
			}
			continue
		}
		if server == nil || p.faster(server) {
			server = p
		}
		if free && (active == nil || p.faster(active)) {
			active = p
		}
	}
	switch {
	case idle == nil && server == nil:
		return owing
	case idle == nil,
		server != nil && inUse >= c.cfg.FetchPeers && 2*idle.rate.expect(minWindow) >= server.rate.expect(minWindow):
		return active
	case active == nil || idle.faster(active):
		return idle
	}
	return active
}

// reach returns the height up to which p has the blocks of path, 0 for none.
func (c *Core) reach(p *peer) uint64 {
	if p.phase != following {
		return 0
	}
	x, least := p.tip, c.path.at(c.cursor).height
	for !x.onPath && !x.adopted && x.height > least {
		x = x.parent
	}
	if !x.onPath {
		return 0
	}
	return x.height
}

// room returns how many bytes to ask p for, b coming first; 0 if it is busy.
// A peer is busy until half its window is free, as in the Haskell node, so two
// ranges are in flight and each is half a window.
func (p *peer) room(b *block) int {
	w := p.rate.window(p.limit)
	if p.flying == 0 {
		return max(w/2, b.size)
	}
	if p.flying > w/2 || p.flying+b.size > p.limit {
		return 0
	}
	return max(min(w/2, p.limit-p.flying), b.size)
}

// faster reports whether p will sooner deliver a range than q. Within 5 % the
// salt decides. (relay-behaviour, 6.2 no. 4)
func (p *peer) faster(q *peer) bool {
	a, b := p.rate.expect(p.flying+minWindow/2), q.rate.expect(q.flying+minWindow/2)
	if d := max(a, b) - min(a, b); d*20 <= max(a, b) {
		return p.salt < q.salt
	}
	return a < b
}

// request asks p for the blocks from the cursor on: one at least, more while
// they fit into p's room and ours, p has them, and none is held or in flight.
func (c *Core) request(p *peer, room int) {
	first := c.path.at(c.cursor)
	room = min(room, p.room(first))
	top := c.reach(p)
	s := &span{sentAt: c.now, idle: p.flying == 0}
	var hs []*ledger.Header
	for i := c.cursor; i < c.path.len() && len(s.blocks) < c.cfg.MaxRangeBlocks; i++ {
		b := c.path.at(i)
		if b.held || b.span != nil || b.height > top || len(s.blocks) > 0 && s.bytes+b.size > room {
			break
		}
		s.bytes += b.size
		s.blocks = append(s.blocks, b)
		hs = append(hs, b.h)
		b.span = s
		b.claims++
	}
	c.cursor += len(s.blocks)
	c.lastRange++
	s.id = c.lastRange
	if p.flying == 0 {
		p.stallAt = c.now + c.cfg.StallTimeout
	}
	p.spans = append(p.spans, s)
	p.flying += s.bytes
	c.flying += s.bytes
	c.emit(Fetch{p.id, s.id, hs, s.bytes})
}
