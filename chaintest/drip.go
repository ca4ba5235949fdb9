package chaintest

import (
	"encoding/binary"
	"net"
	"sync"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
)

// dripping accepts connections that drip.
type dripping struct {
	net.Listener
	rate int
}

// Accept implements net.Listener.
func (l dripping) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &drip{Conn: conn, rate: l.rate, room: make(chan struct{}, 1), closed: make(chan struct{})}
	c.dripper.Go(c.run)
	return c, nil
}

const (
	segmentHeader = 8 // bytes (mux, Wire format)

	// dripBound is how many bytes of blocks wait to be sent, about: more than
	// anyone asks of one peer. Beyond it all that the peer sends waits.
	dripBound = 16 << 20

	maxDrip = 1_000_000_000 // bytes a second
)

// blocksID is the mini-protocol number in a segment with blocks, with the mode bit
// of a responder.
var blocksID = blockfetch.Spec().ID | 1<<15

// drip is a bearer that takes blocks apart: it puts their bytes, a few at a time,
// into segments of their own between the other ones.
type drip struct {
	net.Conn
	rate    int // bytes a second
	room    chan struct{}
	once    sync.Once
	closed  chan struct{}
	dripper sync.WaitGroup

	mu      sync.Mutex
	segment []byte // the part of a segment that was written
	queue   []byte // payload
}

// Write implements net.Conn. Only the writer of a multiplexer calls it.
func (c *drip) Write(b []byte) (int, error) {
	for c.full() {
		select {
		case <-c.room:
		case <-c.closed:
			return 0, net.ErrClosed
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.segment = append(c.segment, b...)
	for len(c.segment) >= segmentHeader {
		n := segmentHeader + int(binary.BigEndian.Uint16(c.segment[6:]))
		if len(c.segment) < n {
			break
		}
		if binary.BigEndian.Uint16(c.segment[4:]) == blocksID {
			c.queue = append(c.queue, c.segment[segmentHeader:n]...)
		} else if _, err := c.Conn.Write(c.segment[:n]); err != nil {
			return 0, err
		}
		c.segment = append(c.segment[:0], c.segment[n:]...)
	}
	return len(b), nil
}

func (c *drip) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue) > dripBound
}

// run sends what is in the queue until the connection is closed.
func (c *drip) run() {
	piece := min((c.rate+9)/10, 1<<15)
	tick := time.NewTicker(time.Duration(piece) * time.Second / time.Duration(c.rate))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.send(piece)
		case <-c.closed:
			return
		}
	}
}

// send sends the next n bytes.
func (c *drip) send(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n = min(n, len(c.queue)); n == 0 {
		return
	}
	segment := binary.BigEndian.AppendUint16(make([]byte, 4, segmentHeader+n), blocksID)
	segment = binary.BigEndian.AppendUint16(segment, uint16(n))
	// An error is of the other writes, too, which report it.
	c.Conn.Write(append(segment, c.queue[:n]...))
	c.queue = c.queue[n:]
	select {
	case c.room <- struct{}{}:
	default: // it has been told
	}
}

// SetWriteDeadline implements net.Conn. It does nothing: what drips takes its
// time.
func (c *drip) SetWriteDeadline(time.Time) error { return nil }

// Close implements net.Conn. What has not dripped yet is lost.
func (c *drip) Close() error {
	var err error
	c.once.Do(func() {
		close(c.closed)
		err = c.Conn.Close()
		c.dripper.Wait()
	})
	return err
}
