package mux

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ouronet/ouronet/protocol"
)

const (
	// restSize is the read buffer of a quiet connection. When a read fills
	// it, a large one is borrowed for as long as bytes keep coming.
	restSize = 1024
	busySize = 1 << 17 // as large as cardano-node's (mux, 2)

	// drainTime is how long a closing side goes on reading.
	drainTime = time.Second
)

// reader cuts the incoming bytes into segments. It never waits for a channel.
type reader struct {
	m    *Mux
	rest [restSize]byte
	busy *buffer
	buf  []byte // rest or busy
	r, w int    // unread bytes are buf[r:w]
	to   *Channel
	left int // payload bytes of the current segment still to come, for to
	last int // size of the last read

	count uint64 // segments begun
	timed uint64 // the segment that the read deadline is for; 0 is none
}

func (m *Mux) read() {
	r := &reader{m: m}
	r.buf = r.rest[:]
	err := r.run()
	putBuffer(r.busy)
	select {
	case <-m.closing:
		// The writer ends the Mux when everything is sent.
		close(m.eof)
	default:
		m.end(err)
	}
}

func (r *reader) run() error {
	for {
		if err := r.gate(); err != nil {
			return err
		}
		if err := r.segment(); err != nil {
			return err
		}
	}
}

// gate holds the reader back in the handshake phase: only a segment that the
// handshake waits for is read, so that none is taken for a mini-protocol
// before its channel is declared.
func (r *reader) gate() error {
	m := r.m
	for {
		select {
		case <-m.started:
			return nil
		case <-m.closing:
			return nil
		case <-m.ended:
			return m.cause()
		case <-m.want:
			// The value may be older than the segment just delivered.
			m.mu.Lock()
			wanted := m.handshake != nil && m.handshake.hungry()
			m.mu.Unlock()
			if wanted {
				return nil
			}
		}
	}
}

// segment reads one segment and delivers its payload as it comes.
func (r *reader) segment() error {
	r.count++
	for r.w-r.r < headerSize {
		if err := r.more(); err != nil {
			return err
		}
	}
	h, err := parseHeader(r.buf[r.r:r.w])
	if err != nil {
		return &protocol.ViolationError{Protocol: "mux", Err: err}
	}
	r.r += headerSize
	if r.to, err = r.m.route(h); err != nil {
		return err
	}
	for r.left = h.length; r.left > 0; {
		if r.r == r.w {
			if err := r.more(); err != nil {
				return err
			}
		}
		n := min(r.left, r.w-r.r)
		r.left -= n
		if r.to != nil {
			if !r.to.deliver(r.buf[r.r:r.r+n], r.left) {
				return r.to.overrun()
			}
			r.m.arrived(r.to)
		}
		r.r += n
	}
	return nil
}

// route finds the channel for a segment: the sender's initiator talks to our
// responder and the other way round. A nil channel means to drop the bytes.
func (m *Mux) route(h header) (*Channel, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.isClosing {
		return nil, nil
	}
	if !m.isStarted && m.handshake != nil {
		// A connecting side also takes an initiator's segment.
		if c := m.handshake; h.id == c.id {
			if h.role == c.role && c.role == protocol.Responder {
				return nil, wrongMode(c, h)
			}
			return c, nil
		}
	}
	if c := m.channels[key{h.id, h.role.Peer()}]; c != nil && m.isStarted {
		return c, nil
	}
	if c := m.channels[key{h.id, h.role}]; c != nil && m.isStarted {
		return nil, wrongMode(c, h)
	}
	return nil, &protocol.ViolationError{Protocol: "mux", Err: fmt.Errorf("%w: number %d from the %s", ErrUnknownProtocol, h.id, h.role)}
}

func wrongMode(c *Channel, h header) error {
	return &protocol.ViolationError{Protocol: c.name, Err: fmt.Errorf("%w: we have no %s", ErrWrongMode, h.role.Peer())}
}

// Segments that nobody here expects. They arrive in a *protocol.ViolationError.
var (
	// ErrUnknownProtocol: the number of a mini-protocol that was not negotiated.
	ErrUnknownProtocol = errors.New("segment of an unknown mini-protocol")
	// ErrWrongMode: a known number, but from a role that has no counterpart.
	ErrWrongMode = errors.New("segment with the wrong mode bit")
)

// more reads some bytes after those that are there. A segment must be complete
// in time once its first byte has come; there is no limit before that. (mux, 5)
func (r *reader) more() error {
	inside := r.left > 0 || r.w > r.r
	if r.r == r.w {
		r.r, r.w = 0, 0
		r.settle()
	} else if r.w == len(r.buf) || len(r.buf)-r.r < headerSize {
		r.w = copy(r.buf, r.buf[r.r:r.w])
		r.r = 0
	}
	r.arm(inside)
	n, err := r.m.conn.Read(r.buf[r.w:])
	r.w += n
	r.last = n
	if n > 0 {
		if r.m.record != nil {
			r.m.record.Received(r.buf[r.w-n : r.w])
		}
		if r.w == len(r.buf) && r.busy == nil {
			r.grow()
		}
		return nil
	}
	if err == nil {
		return nil // allowed by io.Reader
	}
	return r.failure(err, inside)
}

// arm sets the read deadline of the segment we are in, once for each, or takes
// it away between segments. If that does not work, reading tells why.
func (r *reader) arm(inside bool) {
	switch {
	case inside && r.timed != r.count:
		r.timed = r.count
		r.m.conn.SetReadDeadline(time.Now().Add(r.m.sduTime))
	case !inside && r.timed != 0:
		r.timed = 0
		r.m.conn.SetReadDeadline(time.Time{})
	}
}

// grow borrows the large buffer.
func (r *reader) grow() {
	r.busy = getBuffer(busySize)
	r.w = copy(r.busy.b, r.buf[r.r:r.w])
	r.r = 0
	r.buf = r.busy.b
}

// settle gives the large buffer back when everything in it has been used and
// little came last, so that the next read is likely to wait.
func (r *reader) settle() {
	if r.busy != nil && r.last <= restSize {
		putBuffer(r.busy)
		r.busy, r.buf = nil, r.rest[:]
	}
}

func (r *reader) failure(err error, inside bool) error {
	m := r.m
	select {
	case <-m.ended:
		return m.cause()
	default:
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		name := "mux"
		if r.to != nil && r.left > 0 {
			name = r.to.name
		}
		return &protocol.ViolationError{Protocol: name, Err: fmt.Errorf("%w: %w: %v", protocol.ErrTimeout, ErrStalled, m.sduTime)}
	case errors.Is(err, io.EOF) && inside:
		return fmt.Errorf("mux: %w", io.ErrUnexpectedEOF)
	case errors.Is(err, io.EOF):
		return io.EOF
	}
	return fmt.Errorf("mux: %w", err)
}
