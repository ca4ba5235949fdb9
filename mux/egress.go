package mux

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/protocol"
)

// EgressMark bounds the unwritten bytes of all channels of a [Class] together; a
// message that would exceed it waits. A channel without unwritten bytes may send a
// message of any size, so that no channel waits for another. Bytes count until they are
// written: a batch, and of blocks the next one, too.
func (c Class) EgressMark() int {
	if c == Bulk {
		return 2 * batchBytes
	}
	return batchBytes
}

const (
	// batchBytes is about how much is written at once, headers included: what
	// is in a batch cannot be overtaken any more. Half as much costs a tenth
	// more of the CPU for each byte, four times as much saves nothing.
	batchBytes = 32 << 10
	// batchSegments bounds the headers of a batch of small segments.
	batchSegments = 100
	// ownedSize is the size of the buffers that small messages are copied to.
	ownedSize = 1 << minClass
	// smallBody is up to which size a body is copied, too: the memory it is
	// part of, and what it takes to keep track of it, may be larger.
	smallBody = 1 << 10
)

// chunk is a run of queued bytes: borrowed from the sender, or in a buffer of
// ours. The last chunk in a buffer has it as owned, to give it back.
type chunk struct {
	b     []byte
	owned *buffer
	body  int // size of the body that b is what is left of, 0 if b is ours
}

// egress is what one channel has queued for writing. Mux.emu guards it.
type egress struct {
	class     Class
	queue     *queue // nil when bytes is 0, so that an idle channel keeps little
	bytes     int    // in queue
	unwritten int    // in queue, or in the batch that is being written
	lead      int    // of Bulk: bytes that still go as Control
	held      int    // size of all bodies of which something is unwritten
	sent      Count  // queued, from the beginning

	next *Channel // behind this one in Mux.schedule
	room wake.One // receives when there may be room for a message
}

// queue holds chunks in order; those before first have been written.
type queue struct {
	chunks []chunk
	first  int

	filling *buffer // where small messages go next; nil unless the chunk that owns it is there
	owner   int     // the index of that chunk
}

var queues = sync.Pool{New: func() any { return new(queue) }}

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
		if c.out.unwritten == 0 || m.unwritten[c.out.class]+len(head)+len(body) <= c.out.class.EgressMark() {
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
	c.queue(head, body)
	m.emu.Unlock()
	m.queued.Wake()
	return nil
}

// roomMark is what [Channel.Room] lets a channel hold, in bytes: enough for two
// blocks of the usual size to go out in a row.
const roomMark = 24 << 10

// Room waits until the unwritten bodies of the channel are at most 24 KiB in all. Call
// it before you make a body, such as by reading it from a disk: Send waits, too, but
// with the next body in memory already.
func (c *Channel) Room(ctx context.Context) error {
	m := c.mux
	for {
		m.emu.Lock()
		held, sealed := c.out.held, m.sealed
		m.emu.Unlock()
		switch {
		case sealed:
			return m.cause()
		case held <= roomMark:
			return nil
		}
		select {
		case <-c.out.room:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-m.ended:
			return m.cause()
		}
	}
}

// queue puts a message behind what c has queued. Mux.emu is held.
func (c *Channel) queue(head, body []byte) {
	m, e := c.mux, &c.out
	idle := e.bytes == 0
	e.copy(head)
	if len(body) <= smallBody {
		e.copy(body)
	} else {
		e.chunks().push(chunk{b: body, body: len(body)})
		e.held += len(body)
	}
	n := len(head) + len(body)
	e.bytes += n
	e.unwritten += n
	e.sent.Messages++
	e.sent.Bytes += uint64(n)
	m.unwritten[e.class] += n
	if idle {
		if e.class == Bulk {
			e.lead = lead
		}
		m.schedule.push(c)
	}
}

// copy queues a copy of p. The buffer that is being filled is gone on with while
// any of it is queued, so that the heads of many blocks share one.
func (e *egress) copy(p []byte) {
	for len(p) > 0 {
		q := e.chunks()
		if q.filling == nil || q.filling.w == len(q.filling.b) {
			q.filling = getBuffer(ownedSize)
			q.push(chunk{owned: q.filling})
			q.owner = len(q.chunks) - 1
		}
		start := q.filling.w
		p = q.filling.append(p)
		added := q.filling.b[start:q.filling.w]
		if last := len(q.chunks) - 1; q.owner < last {
			q.chunks[q.owner].owned = nil
			q.push(chunk{b: added, owned: q.filling})
			q.owner = len(q.chunks) - 1
		} else if c := &q.chunks[last]; len(c.b) == 0 {
			c.b = added
		} else {
			c.b = c.b[:len(c.b)+len(added)]
		}
	}
}

// chunks returns the queue.
func (e *egress) chunks() *queue {
	if e.queue == nil {
		e.queue = queues.Get().(*queue)
	}
	return e.queue
}

// push appends a chunk. Room that written ones leave is used before more is
// made.
func (q *queue) push(c chunk) {
	if len(q.chunks) == cap(q.chunks) && q.first > 0 {
		n := copy(q.chunks, q.chunks[q.first:])
		clear(q.chunks[n:])
		q.owner -= q.first
		q.chunks, q.first = q.chunks[:n], 0
	}
	q.chunks = append(q.chunks, c)
}

// moveFront moves up to n bytes of the front chunk to the end of bufs. Of a chunk that
// is used up it returns the memory if that was ours, and the size of its body.
func (e *egress) moveFront(n int, bufs net.Buffers) (_ net.Buffers, taken int, owned *buffer, body int) {
	q := e.queue
	front := &q.chunks[q.first]
	n = min(n, len(front.b))
	bufs = append(bufs, front.b[:n:n])
	front.b = front.b[n:]
	e.bytes -= n
	if len(front.b) > 0 {
		return bufs, n, nil, 0
	}
	owned, body = front.owned, front.body
	if owned != nil && owned == q.filling {
		q.filling = nil
	}
	*front = chunk{}
	if q.first++; q.first == len(q.chunks) {
		q.chunks, q.first = q.chunks[:0], 0
		e.queue = nil
		queues.Put(q)
	}
	return bufs, n, owned, body
}

// batch is one vectored write: segments of several channels. It is built with
// Mux.emu held and written without.
type batch struct {
	headers   []byte // backing of the segments' headers
	bufs      net.Buffers
	unwritten net.Buffers // the rest of bufs while it is written
	finished  []*buffer   // owned memory that is free once the batch is written
	bytes     int
	from      []part // of each segment
}

// part is what a segment took from a channel.
type part struct {
	c      *Channel
	n      int
	bodies int // size of those that end in it
}

// written makes room for what the batch was, with Mux.emu held.
func (b *batch) written(m *Mux) {
	for _, p := range b.from {
		p.c.out.unwritten -= p.n
		p.c.out.held -= p.bodies
		m.unwritten[p.c.out.class] -= p.n
		p.c.out.room.Wake()
	}
}

// fill takes segments from the channels until the batch is full or nothing is
// queued.
func (b *batch) fill(m *Mux) {
	// One time for the whole batch, since an epoch that is ours to choose.
	// (mux, 1)
	now := uint32(time.Since(m.epoch).Microseconds())
	for !m.schedule.empty() && b.bytes < batchBytes && len(b.from) < batchSegments {
		class := m.schedule.next()
		c := m.schedule.turns[class].pop()
		n := min(m.segment, c.out.bytes)
		b.segment(c, n, now)
		c.out.lead = max(0, c.out.lead-n)
		m.schedule.served(class, n)
		if c.out.bytes > 0 {
			m.schedule.push(c)
		}
	}
}

// segment moves size bytes from the front of c's queue to the batch.
func (b *batch) segment(c *Channel, size int, now uint32) {
	start := len(b.headers)
	b.headers = segment.Head{Time: now, Role: c.role, ID: c.id, Length: size}.Append(b.headers)
	b.bufs = append(b.bufs, b.headers[start:])
	b.bytes += segment.HeadSize + size
	p := part{c: c, n: size}
	for size > 0 {
		var n, body int
		var owned *buffer
		if b.bufs, n, owned, body = c.out.moveFront(size, b.bufs); owned != nil {
			b.finished = append(b.finished, owned)
		}
		size -= n
		p.bodies += body
	}
	b.from = append(b.from, p)
}

// reset makes the batch empty and gives back memory that has been written.
func (b *batch) reset() {
	for i, f := range b.finished {
		putBuffer(f)
		b.finished[i] = nil
	}
	clear(b.bufs)
	clear(b.from)
	*b = batch{headers: b.headers[:0], bufs: b.bufs[:0], finished: b.finished[:0], from: b.from[:0]}
}

var _ protocol.Transport = (*Channel)(nil)
