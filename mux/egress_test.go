package mux

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/protocol"
)

// idleMux returns a Mux whose writer does nothing, so that tests can fill
// batches themselves.
func idleMux(t *testing.T, segment int, ids ...uint16) (*Mux, []*Channel) {
	a, b := net.Pipe()
	m := New(a, Config{SegmentSize: segment})
	t.Cleanup(func() { m.Fail(net.ErrClosed); b.Close(); m.Close(context.Background()) })
	var channels []*Channel
	for _, id := range ids {
		channels = append(channels, m.Channel(&protocol.Spec{Name: "test", ID: id, Ingress: 1}, protocol.Initiator))
	}
	// The writer is stuck in a write that nobody takes.
	stuck := m.Channel(&protocol.Spec{Name: "stuck", ID: 999, Ingress: 1}, protocol.Responder)
	if err := stuck.Send(context.Background(), []byte{1}, nil); err != nil {
		t.Fatal(err)
	}
	var one [1]byte
	b.Read(one[:])
	return m, channels
}

// fill returns the next batch as pairs of protocol number and length, and takes
// it for written.
func fill(m *Mux) (b *batch, segments [][2]int) {
	b = new(batch)
	m.emu.Lock()
	b.fill(m)
	b.written(m)
	m.emu.Unlock()
	for wire := bytes.Join(b.bufs, nil); len(wire) > 0; {
		h, err := segment.Parse(wire)
		if err != nil {
			panic(err)
		}
		segments = append(segments, [2]int{int(h.ID), h.Length})
		wire = wire[segment.HeadSize+h.Length:]
	}
	return b, segments
}

// drainQueue returns the segments of all that is queued.
func drainQueue(m *Mux) (segments [][2]int) {
	for {
		_, got := fill(m)
		if len(got) == 0 {
			return segments
		}
		segments = append(segments, got...)
	}
}

// Channels of a class take turns by segments, however much each has queued.
func TestFairness(t *testing.T) {
	m, c := idleMux(t, 0, 2, 3, 4)
	for i, n := range []int{30_000, 5, 13_000} {
		if err := c[i].Send(t.Context(), []byte{7}, make([]byte, n-1)); err != nil {
			t.Fatal(err)
		}
	}
	want := [][2]int{{2, 12288}, {3, 5}, {4, 12288}, {2, 12288}, {4, 712}, {2, 5424}}
	if got := drainQueue(m); !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// Messages of one channel are merged in its segments. A batch ends at 32 KiB
// or 100 segments.
func TestBatch(t *testing.T) {
	m, c := idleMux(t, 0, 2)
	c[0].SetClass(Bulk)
	for range 4 {
		if err := c[0].Send(t.Context(), make([]byte, 10_000), nil); err != nil {
			t.Fatal(err)
		}
	}
	if b, got := fill(m); b.bytes != 3*(segment.HeadSize+segment.Usual) || !slices.Equal(got, [][2]int{{2, segment.Usual}, {2, segment.Usual}, {2, segment.Usual}}) {
		t.Errorf("a batch of %d bytes in %v", b.bytes, got)
	}
	if _, got := fill(m); !slices.Equal(got, [][2]int{{2, 40_000 - 3*segment.Usual}}) {
		t.Errorf("then %v", got)
	}

	var ids []uint16
	for id := range uint16(150) {
		ids = append(ids, id+1)
	}
	m, c = idleMux(t, 0, ids...)
	for _, c := range c {
		c.Send(t.Context(), []byte{1}, nil)
	}
	if _, got := fill(m); len(got) != batchSegments {
		t.Errorf("a batch of %d segments", len(got))
	}
}

// A body is handed to the bearer as it is; a head is copied.
func TestBorrowedBody(t *testing.T) {
	m, c := idleMux(t, 0, 2)
	head, body := []byte("head"), make([]byte, smallBody+1)
	if err := c[0].Send(t.Context(), head, body); err != nil {
		t.Fatal(err)
	}
	b, _ := fill(m)
	if len(b.bufs) != 3 || &b.bufs[1][0] == &head[0] || &b.bufs[2][0] != &body[0] {
		t.Error("head not copied, or body copied")
	}
}

// A small body is copied beside its head, up to smallBody bytes.
func TestSmallBodyIsCopied(t *testing.T) {
	for size, bufs := range map[int]int{1: 2, smallBody: 2, smallBody + 1: 3} {
		m, c := idleMux(t, 0, 2)
		body := make([]byte, size)
		if err := c[0].Send(t.Context(), []byte("head"), body); err != nil {
			t.Fatal(err)
		}
		if b, _ := fill(m); len(b.bufs) != bufs {
			t.Errorf("head and body of %d bytes are written as %d pieces, want %d", size, len(b.bufs), bufs)
		}
	}
}

// Whatever is queued and written in whatever pieces, the bytes are those that
// were sent.
func TestQueueKeepsBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		var e egress
		var sent, written []byte
		piece := func(n int) []byte {
			p := make([]byte, n)
			for i := range p {
				p[i] = byte(len(sent) + i)
			}
			sent = append(sent, p...)
			return p
		}
		for range 100 {
			for range rng.IntN(4) {
				e.copy(piece(rng.IntN(ownedSize)))
				e.chunks().push(chunk{b: piece(1 + rng.IntN(9))})
			}
			for n := min(rng.IntN(2*ownedSize), len(sent)-len(written)); n > 0; {
				bufs, took, owned, _ := e.moveFront(n, nil)
				written = append(written, bufs[0]...)
				if n -= took; owned != nil {
					clear(owned.b) // its memory is used again
					putBuffer(owned)
				}
			}
			if !bytes.Equal(written, sent[:len(written)]) {
				t.Fatalf("other bytes were written than sent, of %d", len(written))
			}
		}
	}
}

// A Send whose context has ended queues nothing and holds up nobody.
func TestSendAfterCancel(t *testing.T) {
	_, c := idleMux(t, 0, 2)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		if err := c[0].Send(ended, []byte{1}, nil); err != context.Canceled {
			t.Errorf("got %v", err)
		}
	}
	if c[0].out.bytes != 0 {
		t.Error("something is queued")
	}
}

// A batch that is used again keeps nothing of what it wrote alive.
func TestBatchLetsGo(t *testing.T) {
	m, c := idleMux(t, 0, 2)
	if err := c[0].Send(t.Context(), []byte("head"), make([]byte, 50_000)); err != nil {
		t.Fatal(err)
	}
	b, _ := fill(m)
	b.unwritten = b.bufs
	b.reset()
	for i, buf := range b.bufs[:cap(b.bufs)] {
		if buf != nil {
			t.Errorf("buffer %d is kept", i)
		}
	}
	for i, f := range b.finished[:cap(b.finished)] {
		if f != nil {
			t.Errorf("owned buffer %d is kept", i)
		}
	}
	if b.unwritten != nil || b.bytes != 0 || len(b.headers)+len(b.bufs)+len(b.finished)+len(b.from) != 0 {
		t.Errorf("%+v", b)
	}
}

// Heads between borrowed bodies share a buffer, also when some of it has been
// written already, and small bodies are copied there: what is queued for a peer
// that does not read takes little more memory than it counts.
func TestHeadsShareMemory(t *testing.T) {
	m, c := idleMux(t, 0, 2)
	body := make([]byte, smallBody+1)
	var want, wrote []byte
	send := func(n, size int) {
		for i := range n {
			head := []byte{byte(i), 2, 3, 4, 5}
			if err := c[0].Send(t.Context(), head, body[:size]); err != nil {
				t.Fatal(err)
			}
			want = append(append(want, head...), body[:size]...)
		}
	}
	owned := func() (n int) {
		if q := c[0].out.queue; q != nil {
			for _, c := range q.chunks {
				if c.owned != nil {
					n++
				}
			}
		}
		return n
	}
	write := func() {
		b, _ := fill(m)
		for wire := bytes.Join(b.bufs, nil); len(wire) > 0; {
			h, _ := segment.Parse(wire)
			wrote = append(wrote, wire[segment.HeadSize:segment.HeadSize+h.Length]...)
			wire = wire[segment.HeadSize+h.Length:]
		}
		b.reset()
	}
	send(24, len(body))
	if n := owned(); n != 1 {
		t.Errorf("24 heads are in %d buffers", n)
	}
	write()
	send(8, len(body))
	if n := owned(); n != 1 {
		t.Errorf("after some are written, heads are in %d buffers", n)
	}
	for c[0].out.bytes > 0 {
		write()
	}
	send(Control.EgressMark()/205, 200)
	if n, most := owned(), Control.EgressMark()/ownedSize; n > most {
		t.Errorf("%d bytes of small bodies are in %d buffers", c[0].out.bytes, n)
	}
	for c[0].out.bytes > 0 {
		write()
	}
	if !bytes.Equal(wrote, want) {
		t.Error("other bytes were written than sent")
	}
}

// Sending waits for what would exceed the mark, and a message of any size is let
// in alone. What other channels of the class have queued counts, but not for a
// channel's first message.
func TestEgressMark(t *testing.T) {
	_, c := idleMux(t, 0, 2, 3, 4)
	mark := Control.EgressMark()
	c[2].SetClass(Bulk)
	send(t, c[0], mark-11) // a byte of another channel is being written
	send(t, c[0], 10)
	send(t, c[1], 1)
	send(t, c[2], 3*Bulk.EgressMark()) // another class, and a large block
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, full := range c {
		if err := full.Send(ended, []byte{1}, nil); err != context.Canceled {
			t.Errorf("above the mark: %v", err)
		}
	}
	if c[0].out.bytes != mark-1 {
		t.Error("a cancelled send has queued something")
	}
}

// A large block waits until all of the one before it has been written: what is
// being written counts.
func TestOneLargeBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := idleMux(t, 0, 3)
		c[0].SetClass(Bulk)
		size := Bulk.EgressMark() + 1
		send(t, c[0], size)
		sent := false
		go func() {
			if err := c[0].Send(t.Context(), nil, make([]byte, size)); err != nil {
				t.Error(err)
			}
			sent = true
		}()
		for done := false; !done; {
			b := new(batch)
			m.emu.Lock()
			b.fill(m)
			done = c[0].out.bytes == 0
			m.emu.Unlock()
			synctest.Wait()
			if sent {
				t.Fatal("let in beside another large block")
			}
			m.emu.Lock()
			b.written(m)
			m.emu.Unlock()
		}
		synctest.Wait()
		if !sent {
			t.Error("not let in after it")
		}
	})
}

// There is room for one more body while those that are held are at most 24 KiB;
// one of which the last byte is being written is held whole.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := idleMux(t, 0, 3)
		c[0].SetClass(Bulk)
		room := func() bool {
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			return c[0].Room(ended) == nil
		}
		for _, size := range []int{10_000, 14_576, smallBody + 1} {
			if !room() {
				t.Errorf("no room for %d bytes", size)
			}
			send(t, c[0], size)
		}
		if room() {
			t.Error("room beside 26 kB")
		}
		if fill(m); !room() || c[0].out.held != 0 {
			t.Errorf("%d bytes are held of what is written", c[0].out.held)
		}
		send(t, c[0], 90_000)
		waited := false
		go func() {
			if err := c[0].Room(t.Context()); err != nil {
				t.Error(err)
			}
			waited = true
		}()
		for c[0].out.bytes > 0 {
			synctest.Wait()
			if waited {
				t.Fatalf("room with %d bytes of a large body left", c[0].out.bytes)
			}
			fill(m)
		}
		synctest.Wait()
		if !waited {
			t.Error("not woken when all is written")
		}
		m.Fail(net.ErrClosed)
		if err := c[0].Room(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// A Send that waits with exactly the mark queued is woken by the next write.
func TestEgressAtMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := idleMux(t, 0, 2)
		if err := c[0].Send(t.Context(), nil, make([]byte, Control.EgressMark())); err != nil {
			t.Fatal(err)
		}
		sent := false
		go func() {
			if err := c[0].Send(t.Context(), []byte{1}, nil); err != nil {
				t.Error(err)
			}
			sent = true
		}()
		synctest.Wait()
		if sent {
			t.Error("sent at the mark")
		}
		fill(m)
		synctest.Wait()
		if !sent {
			t.Error("not woken below the mark")
		}
	})
}

// A connection that is taken while the timer fires is not idle.
func TestTakenAsIdleTimerFires(t *testing.T) {
	m, _ := idleMux(t, 0)
	m.Hold()
	m.idled()
	if err := m.Err(); err != nil {
		t.Errorf("a connection in use ended: %v", err)
	}
	m.Release()
	m.idled()
	if err := m.Err(); err != ErrIdle {
		t.Errorf("an idle one: %v", err)
	}
}

// On a connection that is being closed there is no room, and nothing to wait for.
func TestNoRoomWhileClosing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := idleMux(t, 0, 3)
		closed := make(chan struct{})
		ctx, stop := context.WithCancel(t.Context())
		go func() {
			defer close(closed)
			m.Close(ctx)
		}()
		synctest.Wait()
		for _, held := range []int{0, 2 * roomMark} {
			c[0].out.held = held
			var err error
			go func() { err = c[0].Room(t.Context()) }()
			synctest.Wait()
			if err != net.ErrClosed {
				t.Errorf("%d bytes held: %v", held, err)
			}
		}
		stop()
		<-closed
	})
}
