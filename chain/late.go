package chain

import "time"

// Which peers are late. The planner compares what a peer has sent with what it should
// have sent since it was asked, so a byte now and then does not buy it time.

const (
	// lateSlack is granted to every peer, for what no average shows.
	lateSlack = 100 * time.Millisecond

	// A peer may take twice as long as it was measured to take, but only four
	// times as long as the best one would. Within leastPace no peer is
	// late.
	ownPace   = 2
	bestPace  = 4
	leastPace = 50 * time.Millisecond

	// A peer that is in time is looked at again after nextLook at the latest: another
	// may be the best by then, one that connects or is late no more.
	nextLook = time.Second

	// A late peer is passed over for lateTime, twice that the next time, and so
	// on up to maxStrikes times.
	lateTime   = 4 * time.Second
	maxStrikes = 4
)

// pace is when to look whether a peer is late with a block.
type pace struct {
	span   *span
	next   int // of span.blocks
	lookAt time.Duration
}

// of returns the pace for the next block of s: x if it is, or else the least
// there is.
func (x pace) of(s *span) pace {
	if x.span == s && x.next == s.next {
		return x
	}
	return pace{s, s.next, s.sentAt + lateSlack}
}

func (pl *planner) late(p *peer) bool { return p.lateTill > pl.now }

// due returns the range that p sends blocks of now, nil for none. A cancelled range
// counts too: its blocks come before those of later ranges.
func (p *peer) due() *span {
	for _, s := range p.spans {
		if s.next < len(s.blocks) {
			return s
		}
	}
	return nil
}

// judge looks whether p is late. Then it cancels the second requests to p: otherwise
// late peers would use up maxTwice, and no other peer could be asked.
func (pl *planner) judge(p *peer) {
	s := p.due()
	if s == nil {
		return
	}
	p.pace = p.pace.of(s)
	if p.pace.lookAt > pl.now || pl.late(p) {
		return
	}
	at := s.sentAt + pl.patience(s, s.blocks[s.next])
	p.pace.lookAt = min(at, pl.now+nextLook)
	if at <= pl.now {
		pl.noPeer.of = nil
		pl.strike(p)
		for _, s := range p.spans {
			if s.extra {
				pl.cancelSpan(p, s)
			}
		}
	}
}

// strike passes p over for a while.
func (pl *planner) strike(p *peer) {
	p.lateTill = pl.now + lateTime<<p.strikes
	p.strikes = min(p.strikes+1, maxStrikes)
}

// hungUp looks how p was when its connection ended. The block that it was to send next
// counts for its latency, or to hang up just before it is late would cost nothing; and
// p was late if another peer had to be asked for the block.
func (pl *planner) hungUp(p *peer) {
	s := p.due()
	if s == nil {
		return
	}
	b := s.blocks[s.next]
	p.rate.sawHangUp(b.size, pl.now-max(s.sentAt, p.cameAt))
	if b.span != nil && b.span != s && !pl.late(p) {
		pl.strike(p)
	}
}

// until returns how many bytes p had to send from when s was asked for, up to b
// and with it: a block of s that has not come.
func (s *span) until(b *block) int {
	n := s.owed - s.bytes
	for _, x := range s.blocks[s.next:] {
		n += x.size
		if x == b {
			break
		}
	}
	return n
}

// patience returns how long after s was asked for b may come, a block of s that has
// not. A lag that was seen since then does not count: who is late would have the more
// time, the later it is.
func (pl *planner) patience(s *span, b *block) time.Duration {
	n, r := s.until(b), s.peer.rate
	r.lag = min(r.lag, s.lag)
	own := r.expect(n)
	best := own
	for _, q := range pl.peers {
		if q.phase == following && !q.stalled && !pl.late(q) {
			best = min(best, q.rate.expect(n))
		}
	}
	return min(ownPace*own, bestPace*max(best, leastPace)) + lateSlack
}
