package mux

import (
	"sync"

	"github.com/ouronet/ouronet/protocol"
)

// ingress holds the bytes of one channel from the time the reader delivers
// them until the session consumes them. They are contiguous, so that a message
// can be decoded in place.
type ingress struct {
	limit    int           // bytes that may be there without having been looked at
	capacity int           // bytes that can be there at all: limit and one message
	ready    chan struct{} // capacity 1, see protocol.Transport

	mu      sync.Mutex
	buf     *buffer
	r, w    int     // unread bytes are buf.b[r:w]
	seen    int     // of them, those the session has looked at
	starved bool    // the session has looked at everything and came for more
	lent    bool    // the session may be looking at buf
	retired *buffer // the buffer the session may be looking at instead
	err     error   // why nothing more will come
}

// deliver appends p. It reports false, and takes nothing, if that makes more
// unseen bytes than the limit. incoming counts bytes of the same segment that
// follow p: the limit is judged by whole segments. (mux, 4)
func (in *ingress) deliver(p []byte, incoming int) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.w-in.r-in.seen+len(p)+incoming > in.limit {
		return false
	}
	if in.err == nil {
		in.room(len(p))
		in.w += copy(in.buf.b[in.w:], p)
		in.starved = false
		signal(in.ready)
	}
	return true
}

// room makes space for n more bytes after in.w.
func (in *ingress) room(n int) {
	unread := in.w - in.r
	switch {
	case in.buf == nil:
		in.buf = getBuffer(n, in.capacity)
		return
	case len(in.buf.b)-in.w >= n:
		return
	case !in.lent && unread+n <= len(in.buf.b)/2:
		copy(in.buf.b, in.buf.b[in.r:in.w])
	default:
		// Twice the need, so that bytes are moved seldom.
		b := getBuffer(min(2*(unread+n), max(unread+n, in.capacity)), in.capacity)
		copy(b.b, in.buf.b[in.r:in.w])
		if in.lent {
			in.retired, in.lent = in.buf, false
		} else {
			putBuffer(in.buf)
		}
		in.buf = b
	}
	in.r, in.w = 0, unread
}

// Peek implements protocol.Transport.
func (in *ingress) Peek(seen int) (unread []byte, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.returned()
	in.seen = seen
	if in.w > in.r {
		in.lent = true
		unread = in.buf.b[in.r:in.w:in.w]
	}
	if in.starved = len(unread) <= seen; in.starved {
		return unread, in.err
	}
	return unread, nil
}

// Consume implements protocol.Transport.
func (in *ingress) Consume(n int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.returned()
	in.r += n
	in.seen = max(0, in.seen-n)
	if in.r == in.w {
		putBuffer(in.buf)
		in.buf, in.r, in.w = nil, 0, 0
	}
}

// returned notes that the session no longer looks at what Peek gave it.
func (in *ingress) returned() {
	in.lent = false
	if in.retired != nil {
		putBuffer(in.retired)
		in.retired = nil
	}
}

// Ready implements protocol.Transport.
func (in *ingress) Ready() <-chan struct{} { return in.ready }

// end makes err the answer once the bytes that are there are consumed.
func (in *ingress) end(err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.err == nil {
		in.err = err
		signal(in.ready)
	}
}

// pending reports whether bytes wait for a session.
func (in *ingress) pending() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.w > in.r
}

// hungry reports whether the session waits for bytes that have not come.
func (in *ingress) hungry() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.starved
}

// signal puts a value into c, which has room for one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // a value is there already, and says the same
	}
}

func newIngress(spec *protocol.Spec, role protocol.Role) ingress {
	return ingress{
		limit:    spec.Ingress,
		capacity: spec.Ingress + spec.Limit(role),
		ready:    make(chan struct{}, 1),
	}
}
