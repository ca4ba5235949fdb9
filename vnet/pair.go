package vnet

import (
	"cmp"
	"sync"
	"time"
)

// pair is one connection: its two ends, and a stream from each to the other.
type pair struct {
	net  *Network
	id   uint64
	ends [2]*Conn // the first one dialled; ends[i] sends into streams[i]

	mu      sync.Mutex
	streams [2]stream

	isDirty bool // in net.dirty; guarded by net.dirtyMu

	// Of a network in lockstep, guarded by net.mu.
	at   time.Duration // when something happens next
	slot int           // in net.agenda, or -1
	dial *dial         // while it is being made
}

func byID(a, b *pair) int { return cmp.Compare(a.id, b.id) }

func (p *pair) from() string { return p.ends[0].host }
func (p *pair) to() string   { return p.ends[1].host }

func newPair(n *Network, id, k uint64, from, to *Host, local, remote uint16, path Path, faults []Fault) *pair {
	p := &pair{net: n, id: id, slot: -1}
	a, b := addr(from, local), addr(to, remote)
	p.ends[0] = &Conn{pair: p, side: 0, host: from.name, local: a, remote: b, reader: newWaiter(), writer: newWaiter()}
	p.ends[1] = &Conn{pair: p, side: 1, host: to.name, local: b, remote: a, reader: newWaiter(), writer: newWaiter()}
	for i, link := range []Link{path.Out, path.Back} {
		s := &p.streams[i]
		s.link = link.complete()
		s.rand = n.random(from.name, to.name, k, byte('p'+i))
		if link.Ragged {
			s.cuts = n.random(from.name, to.name, k, byte('r'+i))
		}
		s.stalls = stalls(faults, p.ends[i].host, p.ends[1-i].host)
	}
	return p
}

// changed follows whatever one of the ends did.
func (p *pair) changed(now time.Duration) {
	if p.net.lockstep() {
		p.net.mark(p)
		return
	}
	p.schedule(now)
	p.advance(now)
	p.nudge(now)
}

// schedule gives a time to everything that the ends did.
func (p *pair) schedule(now time.Duration) {
	for i := range p.streams {
		p.streams[i].schedule(now, p.streams[1-i].link.Latency, p.net)
	}
}

// advance lets everything happen whose time has come. In lockstep that is for
// [Network.Run] to do.
func (p *pair) advance(now time.Duration) {
	if p.net.lockstep() {
		return
	}
	for progress := true; progress; {
		progress = false
		for i := range p.streams {
			s := &p.streams[i]
			for at := s.arrival(); at <= now; at = s.arrival() {
				p.arrive(i, at)
				progress = true
			}
			for s.room(p.streams[1-i].stalls) <= now {
				s.used -= s.credits.PopFirst().n
			}
		}
	}
}

// arrive lets the first chunk of a stream arrive.
func (p *pair) arrive(i int, at time.Duration) {
	s, back, receiver := &p.streams[i], &p.streams[1-i], p.ends[1-i]
	c := s.chunks.PopFirst()
	p.observe(i, at, c)
	switch {
	case receiver.closed || receiver.dead:
		s.discard(c.n)
		if c.kind == data && !receiver.dead {
			back.answerReset(at) // nobody is there to read it
		}
		if c.kind == reset {
			receiver.dead = true
		}
	case c.kind == data:
		s.older = s.ready
		s.ready += c.n
	case c.kind == end:
		s.ended = true
	case c.kind == reset:
		receiver.dead = true
	case c.kind == cut:
		receiver.dead = true
		back.answerReset(at)
	}
}

// answerReset sends a reset that nobody asked for, after what is under way.
func (s *stream) answerReset(now time.Duration) {
	if last := s.chunks.Back(); last != nil && last.kind == reset {
		return
	}
	s.closed = true
	s.last = max(s.last, now+s.link.Latency)
	s.push(chunk{reset, 0, s.last}, true)
}

// fatal returns when what is under way breaks the receiver's end, or never.
func (s *stream) fatal() time.Duration {
	if c := s.chunks.Back(); c != nil && (c.kind == reset || c.kind == cut) {
		return delayed(c.due, s.stalls)
	}
	return never
}

// nudge wakes those who wait for what is there now, sets the timers of those
// who wait for what will be there, and reports whether it woke somebody.
func (p *pair) nudge(now time.Duration) bool {
	woke := false
	for _, c := range p.ends {
		for _, w := range []*waiter{&c.reader, &c.writer} {
			if !w.waiting {
				continue
			}
			at := c.ready(w)
			if at <= now {
				woke = w.signal() || woke
			} else if at < w.alarm.at {
				p.net.alarms.arm(&w.alarm, at)
			}
		}
	}
	return woke
}

// ready returns when to look again at what a waiter waits for.
func (c *Conn) ready(w *waiter) time.Duration {
	p := c.pair
	out, in := &p.streams[c.side], &p.streams[1-c.side]
	if c.closed || c.dead {
		return 0
	}
	if w == &c.reader {
		switch {
		case in.ready > 0 || in.ended:
			return 0
		case p.net.lockstep():
			return never
		}
		return in.arrival()
	}
	switch {
	case out.used == 0 || out.used < out.link.Window && !out.unread || out.closed:
		return 0
	case p.net.lockstep():
		return never
	}
	at := min(out.room(in.stalls), in.fatal())
	if p.ends[1-c.side].closed {
		at = min(at, out.arrival()) // it is answered with a reset
	}
	return at
}

// setStalls follows a change of the faults.
func (p *pair) setStalls(faults []Fault, now time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	for i := range p.streams {
		p.streams[i].stalls = stalls(faults, p.ends[i].host, p.ends[1-i].host)
	}
	p.advance(now)
	p.nudge(now)
}

// breakDown resets both ends at once.
func (p *pair) breakDown(now time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	for i := range p.streams {
		p.streams[i].drop()
		p.ends[i].dead = true
		p.observe(1-i, now, chunk{kind: reset})
	}
	p.nudge(now)
}
