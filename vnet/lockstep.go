package vnet

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// Run runs a network in lockstep until ctx ends, and returns the cause of ctx. Only one
// Run at a time; if Wait is synctest.Wait, no other goroutine may call that meanwhile.
//
// It waits until all goroutines are blocked, schedules the bytes that they sent, sorted
// by connection, lets the next event happen, such as the arrival of one chunk, and
// starts again. So each action of a host follows from one event, and the order of
// goroutines of different hosts makes no difference. Timers of the hosts go first where
// something arrives at the same instant.
func (n *Network) Run(ctx context.Context) error {
	if !n.lockstep() {
		return errors.New("vnet: Run is for a network in lockstep: set Config.Wait")
	}
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	for {
		n.cfg.Wait()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		wait := n.step()
		if wait == 0 {
			continue
		}
		if wait != never {
			timer.Reset(wait)
		}
		select {
		case <-n.kick:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// step lets things happen until somebody was woken, then it returns 0; or how
// long there is nothing to do.
func (n *Network) step() time.Duration {
	select {
	case <-n.kick:
	default:
	}
	requests, dirty := n.collect()
	now := n.now()
	for _, d := range requests {
		d.begin(now)
		d.pair.dial = d
		dirty = append(dirty, d.pair)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range dirty {
		p.mu.Lock()
		p.schedule(now)
		p.mu.Unlock()
		n.plan(p)
	}
	if n.replan {
		n.replan = false
		for _, p := range n.pairs { // any order
			n.plan(p)
		}
	}
	for {
		// A host that loses several connections at once is told of one after
		// the other.
		if len(n.breaking) > 0 {
			p := n.breaking[0]
			if n.breaking = n.breaking[1:]; n.pairs[p.id] == p {
				p.breakDown(now)
				return 0
			}
			continue
		}
		next := never
		if len(n.resets) > 0 {
			next = n.resets[0].At
		}
		if next <= now {
			n.breaking = n.hit(n.resets[0])
			n.resets = n.resets[1:]
			continue
		}
		if len(n.agenda) > 0 {
			next = min(next, n.agenda[0].at)
		}
		switch {
		case next == never:
			return never
		case next > now:
			return next - now
		}
		p := n.agenda[0]
		woke := p.fire(now)
		n.plan(p)
		if woke {
			return 0
		}
	}
}

// request hands a dial to Run.
func (n *Network) request(d *dial) {
	n.dirtyMu.Lock()
	n.requests = append(n.requests, d)
	n.dirtyMu.Unlock()
	n.wakeRun()
}

// mark tells Run that an end of a connection did something.
func (n *Network) mark(p *pair) {
	n.dirtyMu.Lock()
	defer n.dirtyMu.Unlock()
	if !p.isDirty {
		p.isDirty = true
		n.dirty = append(n.dirty, p)
		n.wakeRun()
	}
}

func (n *Network) wakeRun() { n.kick.Wake() }

// collect returns what happened, in an order that does not depend on which
// goroutine ran first. Only between requests of one host for one address there
// is nothing to tell them apart.
func (n *Network) collect() ([]*dial, []*pair) {
	n.dirtyMu.Lock()
	defer n.dirtyMu.Unlock()
	requests, dirty := n.requests, n.dirty
	n.requests, n.dirty = nil, nil
	for _, p := range dirty {
		p.isDirty = false
	}
	slices.SortStableFunc(requests, func(a, b *dial) int {
		return cmp.Or(cmp.Compare(a.from.name, b.from.name), cmp.Compare(a.to.name, b.to.name), cmp.Compare(a.port, b.port))
	})
	slices.SortFunc(dirty, byID)
	return requests, dirty
}

// next returns when something happens next, or never, and which of the things
// in the order of fire it is.
func (p *pair) next() (at time.Duration, what int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at = never
	if d := p.dial; d != nil && !d.answered {
		return delayed(d.asked, p.streams[0].stalls), 0
	} else if d != nil {
		at = delayed(d.answer, p.streams[1].stalls)
	}
	for i := range p.streams {
		s := &p.streams[i]
		if t := s.arrival(); t < at {
			at, what = t, 1+2*i
		}
		if t := s.room(p.streams[1-i].stalls); t < at {
			at, what = t, 2+2*i
		}
	}
	return at, what
}

// fire lets the next thing happen, if it is time, and reports whether somebody
// was woken.
func (p *pair) fire(now time.Duration) bool {
	at, what := p.next()
	if at > now {
		return false // it was put off
	}
	if what == 0 {
		return p.connect(now)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	i := (what - 1) / 2
	if what%2 == 1 {
		p.arrive(i, now)
	} else {
		s := &p.streams[i]
		s.used -= s.credits.PopFirst().n
	}
	return p.nudge(now)
}

// connect lets the request to connect arrive, or the answer to it.
func (p *pair) connect(now time.Duration) bool {
	d := p.dial
	switch {
	case !d.answered && d.abandoned.Load():
		delete(p.net.pairs, p.id)
		p.dial = nil
		return false
	case !d.answered:
		d.arriveLocked(now)
		return true
	}
	p.dial = nil
	if d.abandoned.Load() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if d.err != nil || p.ends[0].shut(true) {
			delete(p.net.pairs, p.id)
		}
		return false
	}
	close(d.done)
	return true
}
