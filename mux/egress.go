package mux

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/ouronet/ouronet/protocol"
)

// EgressMark is how many bytes a channel may have queued and still take
// another message, whatever its size; above it, sending waits. The Haskell
// node has the same mark. (mux, 6)
const EgressMark = 0x3ffff

const (
	// batchBytes is how much is written at once, headers included. (mux, 6)
	batchBytes = 131072
	// batchSegments bounds the headers of a batch of small segments.
	batchSegments = 100
	// ownedSize is the size of the buffers that small messages are copied to.
	ownedSize = 1 << minClass
)

// chunk is a run of queued bytes: borrowed from the sender, or in owned.
type chunk struct {
	b     []byte
	owned *buffer
}

// egress is what one channel has queued for writing. Mux.emu guards it.
type egress struct {
	queue  *queue // nil when bytes is 0, so that an idle channel keeps little
	bytes  int
	active bool          // in Mux.turns
	next   *Channel      // behind this one in Mux.turns
	room   chan struct{} // capacity 1: receives when bytes fall below the mark
}

// queue holds chunks in order; those before first have been written.
type queue struct {
	chunks []chunk
	first  int
}

var queues = sync.Pool{New: func() any { return new(queue) }}

// turns is the queue of channels that have something to write.
type turns struct{ head, tail *Channel }

func (t *turns) push(c *Channel) {
	if t.tail == nil {
		t.head = c
	} else {
		t.tail.out.next = c
	}
	t.tail = c
}

func (t *turns) pop() *Channel {
	c := t.head
	if t.head = c.out.next; t.head == nil {
		t.tail = nil
	}
	c.out.next = nil
	return c
}

// Send implements protocol.Transport.
func (c *Channel) Send(ctx context.Context, head, body []byte) error {
	if len(head)+len(body) == 0 {
		return nil // a segment without payload is illegal
	}
	m := c.mux
	for {
		m.emu.Lock()
		if m.sealed {
			m.emu.Unlock()
			return m.cause()
		}
		if c.out.bytes < EgressMark {
			break
		}
		m.emu.Unlock()
		select {
		case <-c.out.room:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-m.ended:
			return m.cause()
		}
	}
	if err := ctx.Err(); err != nil {
		m.emu.Unlock()
		return context.Cause(ctx)
	}
	c.out.copy(head)
	c.out.borrow(body)
	if !c.out.active {
		c.out.active = true
		m.turns.push(c)
	}
	m.emu.Unlock()
	signal(m.queued)
	return nil
}

// copy queues a copy of p.
func (e *egress) copy(p []byte) {
	e.bytes += len(p)
	for len(p) > 0 {
		c := e.last()
		if c == nil || c.owned == nil || cap(c.b) == len(c.b) {
			b := getBuffer(ownedSize)
			c = e.push(chunk{b.b[:0], b})
		}
		n := min(len(p), cap(c.b)-len(c.b))
		c.b = append(c.b, p[:n]...)
		p = p[n:]
	}
}

// last returns the newest chunk, nil if none is queued.
func (e *egress) last() *chunk {
	if e.queue == nil {
		return nil
	}
	return &e.queue.chunks[len(e.queue.chunks)-1]
}

// borrow queues p itself.
func (e *egress) borrow(p []byte) {
	if len(p) > 0 {
		e.bytes += len(p)
		e.push(chunk{b: p})
	}
}

func (e *egress) push(c chunk) *chunk {
	if e.queue == nil {
		e.queue = queues.Get().(*queue)
	}
	q := e.queue
	if len(q.chunks) == cap(q.chunks) && q.first > 0 {
		n := copy(q.chunks, q.chunks[q.first:])
		clear(q.chunks[n:])
		q.chunks, q.first = q.chunks[:n], 0
	}
	q.chunks = append(q.chunks, c)
	return e.last()
}

// take moves up to n bytes of the front chunk to the end of bufs. It returns
// the chunk's memory if that was ours and is used up.
func (e *egress) take(n int, bufs net.Buffers) (net.Buffers, int, *buffer) {
	q := e.queue
	front := &q.chunks[q.first]
	n = min(n, len(front.b))
	bufs = append(bufs, front.b[:n:n])
	front.b = front.b[n:]
	e.bytes -= n
	if len(front.b) > 0 {
		return bufs, n, nil
	}
	owned := front.owned
	*front = chunk{}
	if q.first++; q.first == len(q.chunks) {
		q.chunks, q.first = q.chunks[:0], 0
		e.queue = nil
		queues.Put(q)
	}
	return bufs, n, owned
}

// batch is one vectored write: segments of several channels. It is built with
// Mux.emu held and written without.
type batch struct {
	headers   []byte // backing of the segments' headers
	bufs      net.Buffers
	unwritten net.Buffers // the rest of bufs while it is written
	finished  []*buffer   // owned memory that is free once the batch is written
	bytes     int
	segments  int
}

// fill takes segments from the channels in turn until the batch is full or
// nothing is queued. (mux, 6)
func (b *batch) fill(m *Mux) {
	// One time for the whole batch, since an epoch that is ours to choose.
	// (mux, 1)
	now := uint32(time.Since(m.epoch).Microseconds())
	for m.turns.head != nil && b.bytes < batchBytes && b.segments < batchSegments {
		c := m.turns.pop()
		full := c.out.bytes >= EgressMark
		b.segment(c, m.segment, now)
		if c.out.bytes > 0 {
			m.turns.push(c)
		} else {
			c.out.active = false
		}
		if full && c.out.bytes < EgressMark {
			signal(c.out.room)
		}
	}
}

// segment moves at most size bytes from the front of c's queue to the batch.
func (b *batch) segment(c *Channel, size int, now uint32) {
	size = min(size, c.out.bytes)
	start := len(b.headers)
	b.headers = header{now, c.role, c.id, size}.append(b.headers)
	b.bufs = append(b.bufs, b.headers[start:])
	b.bytes += headerSize + size
	b.segments++
	for size > 0 {
		var n int
		var owned *buffer
		if b.bufs, n, owned = c.out.take(size, b.bufs); owned != nil {
			b.finished = append(b.finished, owned)
		}
		size -= n
	}
}

// reset makes the batch empty and gives back memory that has been written.
func (b *batch) reset() {
	for i, f := range b.finished {
		putBuffer(f)
		b.finished[i] = nil
	}
	clear(b.bufs)
	*b = batch{headers: b.headers[:0], bufs: b.bufs[:0], finished: b.finished[:0]}
}

var _ protocol.Transport = (*Channel)(nil)
