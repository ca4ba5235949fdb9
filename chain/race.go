package chain

import "time"

// The head of path is the first block that our chain lacks. When the peer that was
// asked for it takes too long, the planner asks one more. The first body wins; the
// second one is dropped.

const (
	// When the next block is urgent, a second peer is asked after twice the time that
	// a block takes, within these bounds.
	minRace = 50 * time.Millisecond
	maxRace = 500 * time.Millisecond

	// maxClaims is how many peers that are not late may be asked for one block.
	maxClaims = 3

	// maxTwice bounds the bytes that two peers are asked for at the same time. A
	// single block may be larger.
	maxTwice = 1 << 20
)

// hurry races for the head of path and for the blocks behind it that are asked for
// already, up to maxTwice bytes.
func (pl *planner) hurry() {
	pl.hurryAt = 0
	if pl.readyN == pl.path.Len() {
		return
	}
	if s := pl.path.At(pl.readyN).span; s == nil || !s.extra && pl.early(s) {
		return
	}
	for i, ahead := pl.readyN, 0; i < pl.path.Len() && ahead <= maxTwice; i++ {
		b := pl.path.At(i)
		if b.held {
			ahead += b.size
			continue
		}
		if b.span == nil || !pl.race(i) && (b.span == nil || !b.span.extra) {
			return
		}
		ahead += b.span.bytes // to behind its last
		if last := b.span.blocks[len(b.span.blocks)-1]; last.onPath {
			i = max(i, pl.index(last))
		}
	}
}

// race asks one more peer for the block of path at i, and for those behind it, if
// the peer that was asked for it takes too long. It reports whether it did.
func (pl *planner) race(i int) bool {
	b := pl.path.At(i)
	s := b.span
	p := s.peer
	if pl.early(s) {
		return false
	}
	q := pl.rival(b)
	if q == nil {
		return false
	}
	n := s.until(b)
	rest := s.sentAt + p.rate.expect(n) - pl.now
	known := pl.late(p) && !pl.late(q) || pl.policy.urgent && p.strikes > 0 && q.strikes == 0 ||
		(p.rate.lag > 0 || p.rate.perS > 0) && rest > 2*q.rate.expect(q.flying+b.size)+lateSlack
	if !known {
		wait := pl.patience(s, b)
		if pl.policy.urgent {
			first := min(max(2*min(p.rate.latency(), q.rate.latency()), minRace), maxRace)
			wait = min(wait, first+p.rate.sending(n-b.size))
		}
		if at := s.sentAt + wait; pl.now < at {
			pl.lookAgain(at)
			return false
		}
	}
	if pl.twice > 0 && pl.twice+b.size > maxTwice {
		// What was given up may have been b itself, to be asked for anew.
		return pl.giveUpTwice() && b.span != nil && pl.race(i)
	}
	pl.ask(q, i, min(maxTwice-pl.twice, q.limit-q.flying), p)
	return true
}

// giveUpTwice cancels second requests that take too long: otherwise late peers would
// use up maxTwice, and no other peer could be asked. It reports whether there was any.
func (pl *planner) giveUpTwice() (any bool) {
	for _, p := range pl.peers {
		for _, s := range p.spans {
			if !s.extra || s.next == len(s.blocks) {
				continue
			}
			if at := s.sentAt + pl.patience(s, s.blocks[s.next]); pl.now < at {
				pl.lookAgain(at)
				continue
			}
			pl.cancelSpan(p, s)
			any = true
		}
	}
	return any
}

// early reports whether s was sent too lately to take too long. A peer that is known
// to be slow is never early.
func (pl *planner) early(s *span) bool {
	at := s.sentAt + minRace
	if pl.now >= at || s.peer.rate.lag > 0 || pl.late(s.peer) {
		return false
	}
	pl.lookAgain(at)
	return true
}

func (pl *planner) lookAgain(at time.Duration) {
	if pl.hurryAt == 0 || at < pl.hurryAt {
		pl.hurryAt = at
	}
}

// rival returns the peer that would send b soonest of those that were not asked for
// it. It prefers peers that are not late. It returns nil if there is none, or if
// maxClaims were asked.
func (pl *planner) rival(b *block) *peer {
	var best *peer
	bestLate, bestAt, asked := false, time.Duration(0), 0
	for _, q := range pl.peers {
		late := pl.late(q)
		if q.claim(b) != nil {
			if !late {
				asked++
			}
			continue
		}
		if q.stalled || q.idleTill > pl.now || len(q.spans) >= pl.cfg.MaxRanges ||
			q.flying > 0 && q.flying+b.size > q.limit || pl.reach(q) < b.height {
			continue
		}
		at := q.rate.expect(q.flying + b.size)
		if best == nil || bestLate && !late || bestLate == late && (at < bestAt || at == bestAt && q.salt < best.salt) {
			best, bestLate, bestAt = q, late, at
		}
	}
	if asked >= maxClaims {
		return nil
	}
	return best
}

// claim returns the range, cancelled or not, with which p may still send b.
func (p *peer) claim(b *block) *span {
	for _, s := range p.spans {
		if s.claims(b) {
			return s
		}
	}
	return nil
}

// claims reports whether s may still bring b. Blocks of a range follow each other.
func (s *span) claims(b *block) bool {
	last := len(s.blocks) - 1
	if last < s.next {
		return false
	}
	below := s.blocks[last].height - b.height // huge if b is above
	return below <= uint64(last-s.next) && s.blocks[last-int(below)] == b
}

// outrun follows the arrival of b from one of several peers. The others count as late,
// and ranges that are of no more use are cancelled.
func (pl *planner) outrun(b *block) {
	if b.span != nil {
		disown(b, b.span)
	}
	for _, p := range pl.peers {
		for _, s := range p.spans {
			if !s.claims(b) {
				continue
			}
			if d := pl.now - s.sentAt; d > p.rate.latency() {
				p.rate.sawLate(s.until(b), d)
			}
			if !s.cancelled && s.useless(b) {
				pl.cancelSpan(p, s)
			}
		}
	}
}

// useless reports whether all blocks that s may still bring have arrived, b included.
func (s *span) useless(b *block) bool {
	for i := len(s.blocks) - 1; i >= s.next; i-- { // mostly, the last is lacking
		if x := s.blocks[i]; x != b && !x.held {
			return false
		}
	}
	return true
}

// disown ends the wait for b with s.
func disown(b *block, s *span) {
	if b.span == s {
		b.span = nil
		s.own--
	}
}

// handBack follows the end of s without b. It waits for b from another peer that was
// asked for it or, without one, has b planned anew.
func (pl *planner) handBack(b *block, s *span) {
	if b.span != s {
		return
	}
	disown(b, s)
	if !b.gone && !pl.await(b) {
		pl.rewind(b)
	}
}

// await finds a range that will bring b, a block of the tree that is not held, and
// waits for b with it. It reports whether there is one.
func (pl *planner) await(b *block) bool {
	if b.claims > 0 {
		for _, p := range pl.peers {
			for _, s := range p.spans {
				if !s.cancelled && s.claims(b) {
					b.span = s
					s.own++
					return true
				}
			}
		}
	}
	return false
}
