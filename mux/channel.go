package mux

import (
	"context"
	"time"

	"github.com/ouronet/ouronet/protocol"
)

// Channel is one mini-protocol in one role: a protocol.Transport. Bytes that
// a session leaves unread stay for the next one on the same channel.
type Channel struct {
	ingress
	mux  *Mux
	id   uint16
	role protocol.Role
	name string
	out  egress

	// Guarded by mux.mu.
	onOverrun error
	run       func(context.Context) error // starts on demand, see Respond
	onAny     bool
	running   bool
}

// Peek implements protocol.Transport.
func (c *Channel) Peek(seen int) ([]byte, error) {
	unread, err := c.ingress.Peek(seen)
	if len(unread) <= seen && err == nil && c.id == handshakeID {
		c.mux.want.Wake() // see reader.gate
	}
	return unread, err
}

// OnOverrun makes err the reason for which the connection ends when the
// channel's ingress buffer overruns, in place of a violation of the peer's: for
// a session that has asked for more than fits. nil restores the peer's blame.
func (c *Channel) OnOverrun(err error) {
	c.mux.mu.Lock()
	defer c.mux.mu.Unlock()
	c.onOverrun = err
}

func (c *Channel) overrun() error {
	c.mux.mu.Lock()
	defer c.mux.mu.Unlock()
	if c.onOverrun != nil {
		return c.onOverrun
	}
	return &protocol.ViolationError{Protocol: c.name, Err: protocol.ErrOverrun}
}

// handshakeID is the mini-protocol number of the handshake.
const handshakeID = 0

// StartOn says which bytes start a responder.
type StartOn uint8

const (
	// OnOwn starts a responder when bytes for it arrive.
	OnOwn StartOn = iota
	// OnAny starts it when bytes for any responder arrive; keep-alive does
	// that, so that its time limit covers the whole connection. (mux, 7)
	OnAny
)

// Respond declares a responder: the Mux calls run in a goroutine of its own when the
// bytes that on names arrive, with a context that ends with the Mux. When run returns
// nil, the peer ended the mini-protocol in order and may start it again. An error ends
// the connection.
func (m *Mux) Respond(spec *protocol.Spec, on StartOn, run func(context.Context, *Channel) error) *Channel {
	c := m.Channel(spec, protocol.Responder)
	m.mu.Lock()
	defer m.mu.Unlock()
	c.onAny = on == OnAny
	c.run = func(ctx context.Context) error { return run(ctx, c) }
	return c
}

// Go runs f in a goroutine of the Mux and counts as using the connection until
// it returns. f's context ends with the Mux. An error ends the connection.
// Once the Mux has ended, Go does nothing.
func (m *Mux) Go(f func(context.Context) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctx.Err() != nil {
		return // Close may already be waiting for the last task
	}
	m.hold()
	m.tasks.Go(func() {
		defer m.Release()
		m.finished(f(m.ctx))
	})
}

// finished ends the Mux if a task of it ended with an error, unless Close is
// already under way: then what is queued has to be sent first, and refusing to
// queue more is what made the task fail.
func (m *Mux) finished(err error) {
	m.mu.Lock()
	closing := m.isClosing
	m.mu.Unlock()
	if err != nil && !closing {
		m.end(err)
	}
}

// Hold marks the connection as used by our side, so that it is not idle. Each Hold
// needs a [Mux.Release].
func (m *Mux) Hold() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hold()
}

// Release ends a [Mux.Hold].
func (m *Mux) Release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.release()
}

func (m *Mux) hold() {
	if m.users++; m.users == 1 && m.idleTimer != nil {
		m.idleTimer.Stop()
	}
}

func (m *Mux) release() {
	if m.users--; m.users == 0 {
		m.watchIdle()
	}
}

// watchIdle starts the clock of an unused connection.
func (m *Mux) watchIdle() {
	if !m.isStarted || m.isClosing || m.users > 0 || m.idle < 0 || m.ctx.Err() != nil {
		return
	}
	if m.idleTimer != nil {
		m.idleTimer.Reset(m.idle)
		return
	}
	m.idleTimer = time.AfterFunc(m.idle, m.idled)
}

// idled ends a connection that is still unused when the timer fires.
func (m *Mux) idled() {
	m.mu.Lock()
	unused := m.users == 0 && !m.isClosing
	m.mu.Unlock()
	if unused {
		m.end(ErrIdle)
	}
}

// arrived is called by the reader after bytes for c were delivered.
func (m *Mux) arrived(c *Channel) {
	if c.run == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.pending() { // and not taken already by a responder that ended since
		m.wake(c)
	}
	if !m.anyData {
		m.anyData = true
		for _, other := range m.channels {
			if other.onAny {
				m.wake(other)
			}
		}
	}
}

// wake starts c's responder unless it runs.
func (m *Mux) wake(c *Channel) {
	if c.running || m.ctx.Err() != nil {
		return
	}
	c.running = true
	m.hold()
	m.tasks.Go(func() { m.respond(c) })
}

// respond runs c's responder, and again while the peer has already begun anew.
func (m *Mux) respond(c *Channel) {
	for {
		err := c.run(m.ctx)
		m.mu.Lock()
		if err == nil && c.pending() {
			m.mu.Unlock()
			continue
		}
		c.running = false
		m.release()
		m.mu.Unlock()
		m.finished(err)
		return
	}
}
