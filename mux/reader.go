package mux

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/protocol"
)

const (
	// readSize is how much is read at once. (mux, 2)
	readSize = 1 << 17
	// firstSize is the same in the handshake phase, and the first time on
	// bearers that need a buffer to wait with.
	firstSize = 1 << minClass

	// drainTime is how long a closing side goes on reading.
	drainTime = time.Second
)

// reader cuts the incoming bytes into segments. It never waits for a channel.
// While it waits for the peer, it holds no buffer if the bearer is TCP, and a
// small one else, unless the last read filled a large one to the end.
type reader struct {
	m    *Mux
	read func() (int, error) // into buf behind w; may have to make buf first

	from *buffer // what buf is, nil if there is none
	buf  []byte
	r, w int                    // unread bytes are buf[r:w]
	head [segment.HeadSize]byte // of a segment, what has come of it

	to   *Channel
	left int // payload bytes of the current segment still to come, for to

	count uint64 // segments begun
	timed uint64 // the segment that the read deadline is for; 0 is none
}

func (m *Mux) read() {
	r := &reader{m: m}
	if r.read = r.tcp(); r.read == nil {
		r.read = r.any()
	}
	err := r.run()
	r.drop()
	select {
	case <-m.closing:
		// The writer ends the Mux when everything is sent.
		close(m.eof)
	default:
		m.end(err)
	}
}

// hold makes a buffer of n bytes, which begins with what has come of a header.
func (r *reader) hold(n int) {
	r.from = getBuffer(n)
	r.buf = r.from.b
	copy(r.buf, r.head[:r.w])
}

// drop gives the buffer back, but for less than a header that is unread.
func (r *reader) drop() {
	if r.from == nil {
		return
	}
	r.w = copy(r.head[:], r.buf[r.r:r.w])
	r.r = 0
	putBuffer(r.from)
	r.from, r.buf = nil, nil
}

// any reads from a bearer that only net.Conn is known of. A read that fills the
// buffer is followed by a large one, every other by a small one.
func (r *reader) any() func() (int, error) {
	size := firstSize
	return func() (int, error) {
		r.hold(size)
		n, err := r.m.conn.Read(r.buf[r.w:])
		size = firstSize
		if r.w+n == len(r.buf) {
			size = r.size()
		}
		return n, err
	}
}

// size is how much to read at once.
func (r *reader) size() int {
	select {
	case <-r.m.started:
		return readSize
	default:
		return firstSize
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
	for r.w-r.r < segment.HeadSize {
		if err := r.more(); err != nil {
			return err
		}
	}
	h, err := segment.Parse(r.buf[r.r:r.w])
	if err != nil {
		return &protocol.ViolationError{Protocol: "mux", Err: err}
	}
	r.r += segment.HeadSize
	if r.to, err = r.m.route(h); err != nil {
		return err
	}
	for r.left = h.Length; r.left > 0; {
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
func (m *Mux) route(h segment.Head) (*Channel, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.isClosing {
		return nil, nil
	}
	if !m.isStarted && m.handshake != nil {
		// A connecting side also takes an initiator's segment.
		if c := m.handshake; h.ID == c.id {
			if h.Role == c.role && c.role == protocol.Responder {
				return nil, wrongMode(c, h)
			}
			return c, nil
		}
	}
	if c := m.channels[key{h.ID, h.Role.Peer()}]; c != nil && m.isStarted {
		return c, nil
	}
	if c := m.channels[key{h.ID, h.Role}]; c != nil && m.isStarted {
		return nil, wrongMode(c, h)
	}
	return nil, &protocol.ViolationError{Protocol: "mux", Err: fmt.Errorf("%w: number %d from the %s", ErrUnknownProtocol, h.ID, h.Role)}
}

func wrongMode(c *Channel, h segment.Head) error {
	return &protocol.ViolationError{Protocol: c.name, Err: fmt.Errorf("%w: we have no %s", ErrWrongMode, h.Role.Peer())}
}

// Segments that no channel expects. They arrive in a *protocol.ViolationError.
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
	r.drop()
	r.arm(inside)
	n, err := r.read()
	r.w += n
	if n > 0 {
		if r.m.record != nil {
			r.m.record.Received(r.buf[r.w-n : r.w])
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
	return bearerError(err)
}

// bearerError leaves out of an error of the bearer the addresses, which whoever
// owns the Mux knows, and the name of the system call, which is the operation's.
func bearerError(err error) error {
	var op *net.OpError
	if !errors.As(err, &op) {
		return fmt.Errorf("mux: %w", err)
	}
	err = op.Err
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	return fmt.Errorf("mux: %s: %w", op.Op, err)
}
