package mux

import (
	"bytes"
	"context"
	"net"
	"testing"
	"testing/synctest"

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

// fill returns the next batch as pairs of protocol number and length.
func fill(m *Mux) (b *batch, segments [][2]int) {
	b = new(batch)
	m.emu.Lock()
	b.fill(m)
	m.emu.Unlock()
	for wire := bytes.Join(b.bufs, nil); len(wire) > 0; {
		h, err := parseHeader(wire)
		if err != nil {
			panic(err)
		}
		segments = append(segments, [2]int{int(h.id), h.length})
		wire = wire[headerSize+h.length:]
	}
	return b, segments
}

// Channels take turns by segments, however much each has queued.
func TestFairness(t *testing.T) {
	m, c := idleMux(t, 0, 2, 3, 4)
	for i, n := range []int{30_000, 5, 13_000} {
		if err := c[i].Send(t.Context(), []byte{7}, make([]byte, n-1)); err != nil {
			t.Fatal(err)
		}
	}
	_, got := fill(m)
	want := [][2]int{{2, 12288}, {3, 5}, {4, 12288}, {2, 12288}, {4, 712}, {2, 5424}}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

// Messages of one channel are merged in its segments. A batch ends at 128 KiB
// or 100 segments.
func TestBatch(t *testing.T) {
	m, c := idleMux(t, 0, 2)
	for range 20 {
		if err := c[0].Send(t.Context(), make([]byte, 10_000), nil); err != nil {
			t.Fatal(err)
		}
	}
	b, got := fill(m)
	if b.bytes < batchBytes || b.bytes >= batchBytes+headerSize+defaultSegment || len(got) != 11 {
		t.Errorf("a batch of %d bytes in %d segments", b.bytes, len(got))
	}
	for _, s := range got {
		if s[1] != defaultSegment {
			t.Errorf("segment of %d bytes", s[1])
		}
	}
	total := b.bytes - headerSize*len(got)
	if _, got = fill(m); len(got) == 0 {
		t.Fatal("no second batch")
	}
	for _, s := range got {
		total += s[1]
	}
	if total != 200_000 {
		t.Errorf("%d bytes in all", total)
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
	head, body := []byte("head"), []byte("body")
	if err := c[0].Send(t.Context(), head, body); err != nil {
		t.Fatal(err)
	}
	b, _ := fill(m)
	if len(b.bufs) != 3 || &b.bufs[1][0] == &head[0] || &b.bufs[2][0] != &body[0] {
		t.Error("head not copied, or body copied")
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
	if b.unwritten != nil || b.bytes != 0 || b.segments != 0 || len(b.headers)+len(b.bufs)+len(b.finished) != 0 {
		t.Errorf("%+v", b)
	}
}

// Sending waits at the mark, and a message that is let in may be of any size.
func TestEgressMark(t *testing.T) {
	m, c := idleMux(t, 0, 2)
	short, cancel := context.WithCancel(t.Context())
	cancel()
	for _, n := range []int{EgressMark - 1, 3 * EgressMark} {
		if err := c[0].Send(t.Context(), nil, make([]byte, n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c[0].Send(short, []byte{1}, nil); err != context.Canceled {
		t.Fatalf("above the mark: %v", err)
	}
	if c[0].out.bytes != 4*EgressMark-1 {
		t.Error("a cancelled send has queued something")
	}
	sent := make(chan error)
	go func() { sent <- c[0].Send(t.Context(), []byte{1}, nil) }()
	for range 5 * EgressMark / batchBytes {
		fill(m)
		select {
		case err := <-sent:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// A Send that waits with exactly the mark queued is woken by the next write.
func TestEgressAtMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := idleMux(t, 0, 2)
		if err := c[0].Send(t.Context(), nil, make([]byte, EgressMark)); err != nil {
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
