package chain

import (
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// span is a range asked for.
type span struct {
	id     RangeID
	peer   *peer
	blocks []*block
	next   int // of blocks, the first that did not come
	bytes  int // estimate of what is to come
	own    int // of blocks, those that no other range is awaited for

	cancelled bool // the blocks may be asked for elsewhere
	extra     bool // another peer was to send them, too

	idle            bool // nothing else was in flight when it was sent
	owed            int  // bytes in flight then, it included
	sentAt, firstAt time.Duration
	sample          int // bytes after the first block

	lag time.Duration // of the peer when it was sent
}

// Pauses before a peer is asked for blocks again that it did not deliver.
const (
	pauseRefused = time.Second // times the refusals in a row
	pauseFailed  = time.Second
)

func (c *Core) span(id PeerID, r RangeID) (*peer, *span) {
	if p := c.byID[id]; p != nil {
		for _, s := range p.spans {
			if s.id == r {
				return p, s
			}
		}
	}
	return nil, nil
}

func (c *Core) blockFetched(ev BlockFetched) {
	p, s := c.span(ev.Peer, ev.Range)
	if s == nil {
		return
	}
	if s.next == len(s.blocks) {
		c.disconnect(p, &RangeError{Got: ev.Point})
		return
	}
	b := s.blocks[s.next]
	if b.point != ev.Point {
		c.disconnect(p, &RangeError{Want: b.point, Got: ev.Point})
		return
	}
	c.planner.observe(p, s, ev.Bytes)
	s.blocks[s.next] = nil
	s.next++
	c.planner.landed(s, b.size)
	disown(b, s)
	b = c.planner.unclaim(b)
	switch {
	case b.gone:
		c.emit(Forget{b.point})
	case b.falsified():
		c.emit(Forget{b.point})
		c.planner.await(b)
		c.prune(b)
	case !b.held:
		b.from = p.id
		if b.claims > 0 {
			c.planner.outrun(b)
		}
		c.hold(b, max(0, ev.Bytes))
	default: // it came from two peers
		c.prune(b)
	}
}

// landed takes bytes off those to come with s.
func (pl *planner) landed(s *span, bytes int) {
	s.bytes -= bytes
	s.peer.flying -= bytes
	pl.flying -= bytes
	if s.extra {
		pl.twice -= bytes
	}
}

// observe learns from a block that came.
func (pl *planner) observe(p *peer, s *span, bytes int) {
	if s.next == 0 {
		s.firstAt = pl.now
		if s.idle {
			p.rate.sawRTT(pl.now - s.sentAt)
		}
	} else {
		s.sample += max(0, bytes)
	}
	p.cameAt = pl.now
	p.stallAt = pl.now + pl.cfg.StallTimeout
	p.stalled = false
}

func (c *Core) rangeDone(ev RangeDone) {
	p, s := c.span(ev.Peer, ev.Range)
	if s == nil {
		return
	}
	if s.next < len(s.blocks) {
		c.disconnect(p, &RangeError{Want: s.blocks[s.next].point})
		return
	}
	p.rate.sawBytes(s.sample, c.now-s.firstAt)
	if p.strikes > 0 && !c.planner.late(p) {
		p.strikes--
	}
	c.forgetRange(p, s)
}

// noBlocks moves the range and those behind it to other peers. The peer is
// asked again only after a pause: most often its own rollback is under way.
// (relay-behaviour, 10.2 no. 35 and 36)
func (c *Core) noBlocks(ev NoBlocks) {
	p, s := c.span(ev.Peer, ev.Range)
	if s == nil {
		return
	}
	if s.next > 0 {
		var want ledger.Point
		if s.next < len(s.blocks) {
			want = s.blocks[s.next].point
		}
		c.disconnect(p, &RangeError{Want: want})
		return
	}
	first := s.blocks[0].point
	if s.cancelled { // it went with an earlier one
		c.forgetRange(p, s)
		return
	}
	if p.refused != first.Hash {
		p.refused, p.refusals, p.unheard = first.Hash, 0, false
	}
	p.refusals++
	// As long as the judge takes, no more headers may come, and so no rollback.
	p.unheard = p.phase == following && (p.unheard || c.cfg.Judge && p.credit == 0)
	c.forgetRange(p, s)
	if p.refusals >= c.cfg.MaxRefusals && p.unheard {
		p.refused, p.idleTill = ledger.Hash{}, c.now+pauseRefused
		c.planner.cancel(p)
		c.find(p)
		return
	}
	if p.refusals >= c.cfg.MaxRefusals {
		c.disconnect(p, &UnavailableError{first, p.refusals})
		return
	}
	p.idleTill = c.now + time.Duration(p.refusals)*pauseRefused
	c.planner.cancel(p)
}

func (c *Core) fetchFailed(ev FetchFailed) {
	p, s := c.span(ev.Peer, ev.Range)
	if s == nil {
		return
	}
	if !s.cancelled {
		p.idleTill = c.now + pauseFailed
	}
	c.forgetRange(p, s)
}

// cancel frees all blocks in flight with p for others. The ranges still count
// against the bounds until p has answered them.
func (pl *planner) cancel(p *peer) {
	for _, s := range p.spans {
		pl.cancelSpan(p, s)
	}
}

func (pl *planner) cancelSpan(p *peer, s *span) {
	if s.cancelled {
		return
	}
	s.cancelled = true
	if s.extra {
		s.extra = false
		pl.twice -= s.bytes
	}
	for _, b := range s.blocks[s.next:] {
		pl.handBack(b, s)
	}
	pl.out.emit(CancelFetch{p.id, s.id})
}

// cancelGone cancels ranges with blocks that left the tree. Another peer may
// bring the headers again, and then nothing tells that bodies are on their way.
func (pl *planner) cancelGone() {
	for _, p := range pl.peers {
		for _, s := range p.spans {
			if s.next < len(s.blocks) && s.blocks[len(s.blocks)-1].gone {
				pl.cancelSpan(p, s)
			}
		}
	}
}

// forgetRange forgets a range; what did not come is missing again.
func (c *Core) forgetRange(p *peer, s *span) {
	for i, x := range p.spans {
		if x == s {
			p.spans = append(p.spans[:i], p.spans[i+1:]...)
			break
		}
	}
	c.planner.landed(s, s.bytes)
	if p.pace.span == s {
		p.pace = pace{}
	}
	// Backwards, so that pruning takes one leaf after the other.
	for i := len(s.blocks) - 1; i >= s.next; i-- {
		b := s.blocks[i]
		c.planner.unclaim(b)
		c.planner.handBack(b, s)
		c.prune(b)
	}
	if len(p.spans) == 0 {
		p.stalled = false
	}
}
