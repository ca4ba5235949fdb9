package vnet

import (
	"context"
	"sync/atomic"
	"syscall"
	"time"
)

// ConnectTime is how long [Host.Dial] waits for an answer, as Linux does.
const ConnectTime = 127 * time.Second

// retryTime is how often a request to connect is repeated, in case that it is
// no longer held back.
const retryTime = time.Second

// dial is a connection that is being made.
type dial struct {
	net      *Network
	from, to *Host
	port     uint16

	pair     *pair
	asked    time.Duration // when the request is due
	answered bool          // the request has arrived
	answer   time.Duration // when the answer is due
	err      error         // the answer

	// Of a network in lockstep.
	done      chan struct{} // closed when the answer has arrived
	abandoned atomic.Bool
}

// run makes the connection.
func (d *dial) run(ctx context.Context) (*Conn, error) {
	timeout := time.NewTimer(ConnectTime)
	defer timeout.Stop()
	if d.net.lockstep() {
		d.done = make(chan struct{})
		d.net.request(d)
		select {
		case <-d.done:
			return d.result()
		case <-ctx.Done():
			d.abandon()
			return nil, context.Cause(ctx)
		case <-timeout.C:
			d.abandon()
			return nil, syscall.ETIMEDOUT
		}
	}
	d.begin(d.net.now())
	err := d.sleep(ctx, timeout.C, 0, d.asked)
	if err == nil {
		d.arrive(d.net.now())
		err = d.sleep(ctx, timeout.C, 1, d.answer)
	}
	if err != nil {
		d.giveUp()
		return nil, err
	}
	return d.result()
}

// sleep waits until what is due in one direction arrives.
func (d *dial) sleep(ctx context.Context, timeout <-chan time.Time, direction int, due time.Duration) error {
	var timer *time.Timer
	for {
		now := d.net.now()
		at := d.pair.delayed(direction, due)
		if at <= now {
			return nil
		}
		wait := min(at-now, retryTime)
		if timer == nil {
			timer = time.NewTimer(wait)
			defer timer.Stop()
		} else {
			timer.Reset(wait)
		}
		select {
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timeout:
			return syscall.ETIMEDOUT
		}
	}
}

func (p *pair) delayed(direction int, due time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return delayed(due, p.streams[direction].stalls)
}

// begin sends the request.
func (d *dial) begin(now time.Duration) {
	n := d.net
	n.mu.Lock()
	n.ids++
	id := n.ids
	between := [2]string{d.from.name, d.to.name}
	k := n.dials[between]
	n.dials[between] = k + 1
	local := d.from.freePort()
	n.mu.Unlock()

	path := Path{n.cfg.Link, n.cfg.Link}
	if n.cfg.Plan != nil {
		path = n.cfg.Plan(n.random(d.from.name, d.to.name, k, 'l'), d.from.name, d.to.name)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	d.pair = newPair(n, id, k, d.from, d.to, local, d.port, path, n.faults)
	d.asked = d.pair.streams[0].due(now, 0)
	n.pairs[id] = d.pair
}

// arrive lets the request arrive and sends the answer.
func (d *dial) arrive(now time.Duration) {
	d.net.mu.Lock()
	defer d.net.mu.Unlock()
	d.arriveLocked(now)
}

func (d *dial) arriveLocked(now time.Duration) {
	n, p := d.net, d.pair
	p.mu.Lock()
	d.answered, d.answer = true, p.streams[1].due(now, 0)
	p.mu.Unlock()
	l := n.listeners[p.ends[1].local.AddrPort()]
	switch {
	case n.closed || l == nil || refused(n.faults, d.from.name, d.to.name, now) || !l.offer(p.ends[1]):
		d.err = syscall.ECONNREFUSED
		n.observe(p, now, "refuse", 0, nil)
	default:
		n.observe(p, now, "connect", 0, nil)
	}
}

func (d *dial) result() (*Conn, error) {
	if d.err != nil {
		d.net.forget(d.pair)
		return nil, d.err
	}
	return d.pair.ends[0], nil
}

// giveUp follows a dial that nobody waits for any more.
func (d *dial) giveUp() {
	if !d.answered || d.err != nil {
		d.net.forget(d.pair) // the other side never knew
		return
	}
	d.pair.ends[0].Reset()
}

// abandon tells Run that nobody waits any more.
func (d *dial) abandon() {
	d.abandoned.Store(true)
	n := d.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if d.pair != nil && !d.answered {
		delete(n.pairs, d.pair.id) // its request may never arrive
	}
}

// forget drops a connection that nobody uses.
func (n *Network) forget(p *pair) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.pairs, p.id)
}
