package chain

import (
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// plan asks for blocks of path, oldest first, as long as a peer has room.
// While a peer is busy its next range gathers, so batching needs no timer. It
// reports whether it asked for any. heldBytes is the size of the blocks that are held
// and not adopted.
func (pl *planner) plan(heldBytes int) (asked bool) {
	last := pl.noPeer
	pl.noPeer = noPeer{}
	for {
		for ; pl.cursor < pl.path.Len(); pl.cursor++ {
			if b := pl.path.At(pl.cursor); !b.held && b.span == nil {
				break
			}
		}
		if pl.cursor == pl.path.Len() {
			return asked
		}
		b := pl.path.At(pl.cursor)
		room := pl.cfg.MaxBytes - (pl.flying - pl.spare) - heldBytes - pl.backlog
		if room < max(b.size, pl.cfg.MaxBytes/4) {
			// Ranges of single blocks are not worth it. But when no block is on its
			// way to us, and none waits to be consumed, only more blocks make room.
			// Cancelled ranges do not count, as they may never come; nor do late
			// ones, for the first block that we lack.
			if pl.backlog > 0 || pl.judging || pl.awaited(pl.cursor == pl.readyN) {
				return asked
			}
			room = max(room, 0)
		}
		var p *peer
		if !last.holds(pl, b) {
			p = pl.choose(b)
		}
		if p == nil {
			pl.noPeer = noPeer{b, pl.pathNo}
			return asked
		}
		pl.request(p, room)
		asked = true
	}
}

// awaited reports whether blocks are on their way from a peer that was not given
// up, and is not late if that is asked for.
func (pl *planner) awaited(inTime bool) bool {
	for _, p := range pl.peers {
		if !(inTime && pl.late(p)) && p.awaited() != nil {
			return true
		}
	}
	return false
}

// choose returns the peer to ask for b, the block at the cursor, or nil if none is
// free. It uses as many peers at once as the policy says, and one more if those in use
// do not have the block, or if another is twice as fast and takes over. A late peer, and
// one that owes only blocks awaited from others, is not in use. It is asked only if
// there is no other, because its answers come in order.
func (pl *planner) choose(b *block) *peer {
	var idle, active, server, owing pick // server is the best in use, busy or not
	inUse := 0
	n := minWindow / 2 // a range
	if pl.policy.urgent {
		n = b.size
	}
	for _, p := range pl.peers {
		late := pl.late(p)
		used := p.flying > 0 && !late && p.awaited() != nil
		if used {
			inUse++
		}
		if p.stalled || p.idleTill > pl.now || len(p.spans) >= pl.cfg.MaxRanges || pl.reach(p) < b.height {
			continue
		}
		free := p.flying == 0 || p.room(b) > 0
		if !free && !used {
			continue
		}
		switch {
		case used:
			server.offer(p, n)
			if free {
				active.offer(p, n)
			}
		case p.flying == 0 && !late:
			idle.offer(p, n)
		default:
			owing.offer(p, n)
		}
	}
	switch {
	case idle.p == nil && server.p == nil:
		return owing.p
	case idle.p == nil,
		server.p != nil && inUse >= pl.policy.peers && 2*idle.p.rate.expect(minWindow) >= server.p.rate.expect(minWindow):
		return active.p
	}
	active.offer(idle.p, n)
	return active.p
}

// pick is the best of some peers, and when it would be done, 0 if that was not
// of interest yet.
type pick struct {
	p  *peer
	at time.Duration
}

// offer takes p if it would be done sooner with n more bytes. Within 5 % the salt
// decides. (relay-behaviour, 6.2 no. 4)
func (x *pick) offer(p *peer, n int) {
	if x.p == nil {
		x.p = p
		return
	}
	if x.at == 0 {
		x.at = x.p.rate.expect(x.p.flying + n)
	}
	at := p.rate.expect(p.flying + n)
	d := max(at, x.at) - min(at, x.at)
	if near := d*20 <= max(at, x.at); near && p.salt < x.p.salt || !near && at < x.at {
		x.p, x.at = p, at
	}
}

// reach returns the height up to which p has the blocks of path, 0 for none. A
// candidate may leave path long before its end, so the result is cached.
func (pl *planner) reach(p *peer) uint64 {
	switch {
	case p.phase != following:
		return 0
	case p.tip.onPath:
		return p.tip.height
	}
	if p.fork.path != pl.pathNo || p.fork.tip != p.tip {
		x := p.tip
		for !x.onPath && !x.adopted {
			if x = x.parent; x == p.fork.tip && p.fork.path == pl.pathNo {
				x = p.fork.at
				break
			}
		}
		p.fork = fork{x, p.tip, pl.pathNo}
	}
	if !p.fork.at.onPath {
		return 0
	}
	return p.fork.at.height
}

// fork is the last block that a candidate has in common with path or our chain.
type fork struct {
	at, tip *block
	path    uint64 // planner.pathNo
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
	return max(w/2, b.size)
}

// request asks p for the blocks from the cursor on.
func (pl *planner) request(p *peer, room int) {
	s := pl.ask(p, pl.cursor, min(room, p.room(pl.path.At(pl.cursor))), nil)
	pl.cursor += len(s.blocks)
}

// ask asks p for the block of path at i and for those after it, as long as they fit
// into room, p has them, and they are neither held nor awaited from a peer other than
// from, which may be nil.
func (pl *planner) ask(p *peer, i, room int, from *peer) *span {
	top := pl.reach(p)
	s := &span{peer: p, sentAt: pl.now, lag: p.rate.lag, idle: p.flying == 0, extra: from != nil}
	var hs []*ledger.Header
	for ; i < pl.path.Len() && len(s.blocks) < pl.cfg.MaxRangeBlocks; i++ {
		b := pl.path.At(i)
		if b.held || b.asked() != from || b.height > top || len(s.blocks) > 0 && (s.bytes+b.size > room || from != nil && p.claim(b) != nil) {
			break
		}
		s.bytes += b.size
		s.blocks = append(s.blocks, b)
		hs = append(hs, b.h)
		if b.span != nil {
			b.span.own--
		}
		b.span = s
		pl.claim(b)
	}
	s.own = len(s.blocks)
	if s.extra {
		pl.twice += s.bytes
	}
	pl.lastRange++
	s.id = pl.lastRange
	if p.awaited() == nil {
		p.stallAt = pl.now + pl.cfg.StallTimeout
	}
	p.spans = append(p.spans, s)
	p.flying += s.bytes
	pl.flying += s.bytes
	s.owed = p.flying
	pl.out.emit(Fetch{p.id, s.id, hs, s.bytes})
	return s
}

// asked returns the peer that b is waited for from, nil for none.
func (b *block) asked() *peer {
	if b.span == nil {
		return nil
	}
	return b.span.peer
}
