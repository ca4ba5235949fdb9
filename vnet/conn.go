package vnet

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// Conn is one end of a connection, a [net.Conn] that behaves like a [*net.TCPConn]: a
// deadline gives os.ErrDeadlineExceeded, bytes that the other side sent before it
// closed can be read before io.EOF, and so on.
type Conn struct {
	pair          *pair
	side          int
	host          string
	local, remote *net.TCPAddr

	reader, writer waiter

	// The mutex of pair guards what follows.
	closed bool // by Close
	dead   bool // by a reset
}

// Read implements net.Conn. After a reset it returns what had arrived, then an
// error that is ECONNRESET.
func (c *Conn) Read(b []byte) (int, error) {
	w := &c.reader
	p := c.pair
	p.mu.Lock()
	defer p.mu.Unlock()
	w.acquire(&p.mu)
	defer w.release()
	in := &p.streams[1-c.side]
	for {
		now := p.net.now()
		p.advance(now)
		switch {
		case c.closed:
			return 0, c.error("read", net.ErrClosed)
		case w.deadline <= now:
			return 0, c.error("read", os.ErrDeadlineExceeded)
		case len(b) == 0:
			return 0, nil
		case in.ready > 0:
			n := in.take(b)
			p.changed(now)
			return n, nil
		case in.ended:
			return 0, io.EOF
		case c.dead:
			return 0, c.error("read", syscall.ECONNRESET)
		}
		c.wait(w, now)
	}
}

// Write implements net.Conn. It waits while the window is full, and copies b; over a link
// that is Unbuffered it waits until b has been read. After the other side closed, or a
// reset, its errors are ECONNRESET; after [Conn.CloseWrite], EPIPE.
func (c *Conn) Write(b []byte) (int, error) {
	w := &c.writer
	p := c.pair
	p.mu.Lock()
	defer p.mu.Unlock()
	w.acquire(&p.mu)
	defer w.release()
	out := &p.streams[c.side]
	defer func() { out.unread = false }()
	for put := 0; ; {
		now := p.net.now()
		p.advance(now)
		if out.unread && out.used == 0 {
			return put, nil
		}
		if err := c.writable(w, now); err != nil {
			if out.link.Unbuffered {
				return max(0, put-out.used), err
			}
			return put, err
		}
		if n := min(len(b)-put, out.link.Window-out.used); n > 0 {
			out.put(b[put : put+n])
			put += n
			p.changed(now)
		}
		if put == len(b) {
			if !out.link.Unbuffered || put == 0 {
				return put, nil
			}
			out.unread = true
		}
		c.wait(w, now)
	}
}

// writable returns why nothing can be written any more, or nil.
func (c *Conn) writable(w *waiter, now time.Duration) error {
	switch {
	case c.closed:
		return c.error("write", net.ErrClosed)
	case w.deadline <= now:
		return c.error("write", os.ErrDeadlineExceeded)
	case c.dead:
		return c.error("write", syscall.ECONNRESET)
	case c.pair.streams[c.side].closed:
		return c.error("write", syscall.EPIPE)
	}
	return nil
}

// wait waits, without the mutex, until there may be something to do.
func (c *Conn) wait(w *waiter, now time.Duration) {
	at := min(c.ready(w), w.deadline)
	if at <= now {
		return
	}
	w.wait(&c.pair.mu, &c.pair.net.alarms, at)
}

// CloseWrite ends our direction: the other side gets io.EOF after the written bytes,
// and can go on sending.
func (c *Conn) CloseWrite() error {
	p := c.pair
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.net.now()
	p.advance(now)
	out := &p.streams[c.side]
	switch {
	case c.closed:
		return c.error("close", net.ErrClosed)
	case c.dead:
		return c.error("close", syscall.ENOTCONN)
	case !out.closed:
		out.closed = true
		out.ending = end
		p.changed(now)
		c.writer.signal()
	}
	return nil
}

// Close implements net.Conn. Written bytes still arrive, unless bytes from the other
// side are unread: then it gets a reset, as over TCP.
func (c *Conn) Close() error { return c.close(false) }

// Reset closes the connection as a crashed host does: the other side gets ECONNRESET
// after the bytes that have arrived.
func (c *Conn) Reset() error { return c.close(true) }

func (c *Conn) close(hard bool) error {
	p := c.pair
	p.mu.Lock()
	if c.closed {
		p.mu.Unlock()
		return c.error("close", net.ErrClosed)
	}
	gone := c.shut(hard)
	p.mu.Unlock()
	if gone {
		p.net.forget(p)
	}
	return nil
}

// shut closes, with the mutex, and reports whether both ends are closed now.
func (c *Conn) shut(hard bool) bool {
	p := c.pair
	now := p.net.now()
	p.advance(now)
	c.closed = true
	out, in := &p.streams[c.side], &p.streams[1-c.side]
	unread := in.ready
	if p.net.arranged() {
		// The host's goroutines raced: one closes, another may not have got
		// around to reading what has just arrived, or to writing.
		unread = in.older
		if !out.closed {
			out.retract()
		}
	}
	switch {
	case c.dead:
	case hard || unread > 0:
		out.ending = reset
	case !out.closed:
		out.ending = end
	}
	out.closed = true
	in.discard(in.ready)
	in.ready = 0
	p.changed(now)
	for _, w := range []*waiter{&c.reader, &c.writer} {
		w.signal()
		p.net.alarms.arm(&w.alarm, never) // a far deadline would keep us in memory
	}
	return p.ends[1-c.side].closed
}

// LocalAddr implements net.Conn: a *net.TCPAddr.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn: a *net.TCPAddr.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// RemoteHost returns the name of the host at the other end.
func (c *Conn) RemoteHost() string { return c.pair.ends[1-c.side].host }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.setDeadlines(t, &c.reader, &c.writer) }

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadlines(t, &c.reader) }

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, &c.writer) }

func (c *Conn) setDeadlines(t time.Time, waiters ...*waiter) error {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	if c.closed {
		return c.error("set", net.ErrClosed)
	}
	at := never
	if !t.IsZero() {
		at = t.Sub(c.pair.net.epoch)
	}
	for _, w := range waiters {
		w.deadline = at
		w.signal()
	}
	return nil
}

func (c *Conn) error(op string, err error) error {
	return &net.OpError{Op: op, Net: network, Source: c.local, Addr: c.remote, Err: err}
}

var _ net.Conn = (*Conn)(nil)
