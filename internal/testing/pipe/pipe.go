// Package pipe connects two protocol sessions in memory, for tests.
package pipe

import (
	"context"
	"io"
	"sync"

	"github.com/ouronet/ouronet/protocol"
)

// Bound is how many bytes may wait at one end before sending waits.
const Bound = 1 << 20

// End is one end of a pipe, a protocol.Transport.
type End struct {
	// Chunk, if not 0, is the most bytes by which one Peek shows more than
	// was seen, so that messages arrive in pieces. Set it before use.
	Chunk int

	peer  *End
	ready chan struct{}
	room  chan struct{} // receives when the peer's buffer has shrunk

	mu  sync.Mutex
	buf []byte
	err error
}

// New returns two connected ends.
func New() (a, b *End) {
	a, b = newEnd(), newEnd()
	a.peer, b.peer = b, a
	return a, b
}

func newEnd() *End {
	return &End{ready: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// Send implements protocol.Transport. Both parts are copied.
func (e *End) Send(ctx context.Context, head, body []byte) error {
	for {
		e.peer.mu.Lock()
		if err := e.peer.err; err != nil {
			e.peer.mu.Unlock()
			return err
		}
		if len(e.peer.buf) < Bound {
			break
		}
		e.peer.mu.Unlock()
		select {
		case <-e.room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	defer e.peer.mu.Unlock()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e.peer.buf = append(append(e.peer.buf, head...), body...)
	signal(e.peer.ready)
	return nil
}

// Peek implements protocol.Transport.
func (e *End) Peek(seen int) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.buf) <= seen {
		return e.buf[:len(e.buf):len(e.buf)], e.err
	}
	n := len(e.buf)
	if e.Chunk > 0 {
		n = min(n, seen+e.Chunk)
	}
	return e.buf[:n:n], nil
}

// Ready implements protocol.Transport.
func (e *End) Ready() <-chan struct{} { return e.ready }

// Consume implements protocol.Transport. What was consumed is overwritten, so
// that a test notices who still uses it.
func (e *End) Consume(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.buf[:n])
	e.buf = e.buf[n:]
	signal(e.peer.room)
}

// Close ends both directions: what was sent can still be received, then comes
// io.EOF.
func (e *End) Close() {
	for _, end := range []*End{e, e.peer} {
		end.mu.Lock()
		if end.err == nil {
			end.err = io.EOF
		}
		signal(end.ready)
		signal(end.room)
		end.mu.Unlock()
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

var _ protocol.Transport = (*End)(nil)
