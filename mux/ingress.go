package mux

import (
	"sync"

	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/protocol"
)

// ingress holds the bytes of one channel from the time the reader delivers
// them until the session consumes them, in a list of buffers.
//
// The reader appends behind the last buffer's bytes and moves none; the session
// looks at the first buffer only. A message must be contiguous, so that it can
// be decoded in place: the session joins the first two buffers when it needs
// more than the first one holds.
type ingress struct {
	limit int      // bytes that may be there without having been looked at
	ready wake.One // see protocol.Transport

	mu          sync.Mutex
	first, last *buffer // nil when nothing is there
	unread      int     // bytes in all buffers
	seen        int     // of them, those the session has looked at
	received    Count   // bytes delivered and messages consumed, from the beginning
	starved     bool    // the session has looked at everything and came for more
	err         error   // why nothing more will come
}

const (
	// maxBlock is the largest buffer that the reader fills, in bytes.
	maxBlock = 1 << 18

	// A buffer that follows another leaves the first 1/headroom of it free: if
	// that is enough for the message begun in the buffer before, joining
	// moves that beginning only.
	headroom = 4

	// spare is by how much the first buffer exceeds what has come, so that
	// most messages are complete in it.
	spare = 4

	// A channel with a limit of up to narrow bytes takes short messages, as
	// those of responders are: there memory counts more than copying, and
	// buffers are of pieceSize, joined ones a quarter larger than they have
	// to be.
	narrow    = 1 << 17
	pieceSize = 1 << minClass
)

// deliver appends p. It reports false, and takes nothing, if that makes more
// unseen bytes than the limit. incoming counts bytes of the same segment that
// follow p: the limit is judged by whole segments. (mux, 4)
func (in *ingress) deliver(p []byte, incoming int) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.unread-in.seen+len(p)+incoming > in.limit {
		return false
	}
	if in.err != nil {
		return true
	}
	in.unread += len(p)
	in.received.Bytes += uint64(len(p))
	for {
		if in.last != nil {
			p = in.last.append(p)
		}
		if len(p) == 0 {
			break
		}
		in.grow(len(p))
	}
	in.starved = false
	in.ready.Wake()
	return true
}

// grow adds a buffer, of which n bytes are needed at once.
func (in *ingress) grow(n int) {
	if in.limit <= narrow {
		b := getBuffer(min(n, pieceSize))
		if in.last == nil {
			in.first = b
		} else {
			in.last.next = b
		}
		in.last = b
		return
	}
	if in.last == nil {
		in.first = getBuffer(min(spare*n, maxBlock))
		in.last = in.first
		return
	}
	b := getBuffer(min(max(2*len(in.last.b), spare*n), maxBlock))
	b.r = len(b.b) / headroom
	b.w = b.r
	in.last.next = b
	in.last = b
}

// join merges the second buffer with the first.
func (in *ingress) join() {
	a, b := in.first, in.first.next
	begun := a.unread()
	switch {
	case len(begun) <= b.r:
		b.r -= len(begun)
		copy(b.b[b.r:], begun)
		in.first = b
		putBuffer(a)
		return
	case b.w-b.r > len(a.b)-a.w:
		c := in.joint(len(begun) + b.w - b.r)
		c.append(begun)
		in.first = c
		putBuffer(a)
		a = c
	}
	a.append(b.unread())
	a.next = b.next
	if in.last == b {
		in.last = a
	}
	putBuffer(b)
}

// joint returns a buffer for n bytes and what follows them.
func (in *ingress) joint(n int) *buffer {
	if in.limit <= narrow {
		return &buffer{b: make([]byte, (n+n/4+pieceSize-1)/pieceSize*pieceSize)}
	}
	return getBuffer(2 * n) // so that a long message is not moved often
}

// Peek implements protocol.Transport.
func (in *ingress) Peek(seen int) (unread []byte, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.seen = max(in.seen, seen)
	if in.starved = in.unread <= seen; in.starved {
		err = in.err
	}
	if in.first == nil {
		return nil, err
	}
	for in.first.w-in.first.r <= seen && in.first.next != nil {
		in.join()
	}
	return in.first.unread(), err
}

// Consume implements protocol.Transport.
func (in *ingress) Consume(n int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if n == 0 {
		return
	}
	in.unread -= n
	in.received.Messages++
	in.seen = max(0, in.seen-n)
	in.first.r += n
	if b := in.first; b.r == b.w {
		if in.first = b.next; in.first == nil {
			in.last = nil
		}
		putBuffer(b)
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
		in.ready.Wake()
	}
}

// pending reports whether bytes wait for a session.
func (in *ingress) pending() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.unread > 0
}

// hungry reports whether the session waits for bytes that have not come.
func (in *ingress) hungry() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.starved
}

func newIngress(spec *protocol.Spec) ingress {
	return ingress{
		limit: spec.Ingress,
		ready: wake.NewOne(),
	}
}
