package mux

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/protocol"
)

// Buffers of all classes are used again, larger ones are not kept.
func TestBuffersAreUsedAgain(t *testing.T) {
	if testenv.Race {
		t.Skip("under the race detector pools drop what they are given")
	}
	for _, size := range []int{1, 1 << minClass, 1<<minClass + 1, 1<<maxClass - 1, 1 << maxClass} {
		if n := testing.AllocsPerRun(20, func() { putBuffer(getBuffer(size)) }); n >= 1 {
			t.Errorf("%v allocations for a buffer of %d bytes", n, size)
		}
	}
	if b := getBuffer(1<<maxClass + 1); len(b.b) != 1<<maxClass+1 {
		t.Errorf("%d bytes", len(b.b))
	}
}

// A channel with little room takes it in pieces, so that it holds little more
// than what came; another one takes spare room.
func TestNarrowIngress(t *testing.T) {
	const n = 3 * pieceSize
	in := &ingress{limit: 128 << 10}
	in.grow(n)
	in.grow(n)
	if a, b := len(in.first.b), len(in.last.b); a != pieceSize || b != pieceSize || in.first.next != in.last {
		t.Errorf("%d and %d bytes, want pieces of %d", a, b, pieceSize)
	}
	if got := len(in.joint(n).b); got != 4*pieceSize {
		t.Errorf("%d bytes to join %d", got, n)
	}
	in = &ingress{limit: 128<<10 + 1}
	in.grow(n)
	if got := len(in.first.b); got <= pieceSize {
		t.Errorf("%d bytes for %d", got, n)
	}
	if got := len(in.joint(n).b); got < 2*n {
		t.Errorf("%d bytes to join %d", got, n)
	}
}

// stutter is a bearer that at times reads nothing, and no error.
type stutter struct {
	net.Conn
	odd bool
}

func (s *stutter) Read(p []byte) (int, error) {
	if s.odd = !s.odd; s.odd {
		return 0, nil
	}
	return s.Conn.Read(p)
}

// io.Reader allows to read nothing; a message of nothing is not sent.
func TestNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		m := New(&stutter{Conn: ours}, Config{})
		c := m.Channel(&protocol.Spec{ID: 2, Name: "test", Ingress: 100}, protocol.Initiator)
		m.Start()
		if err := c.Send(t.Context(), nil, nil); err != nil {
			t.Error(err)
		}
		synctest.Wait() // for a segment that must not come
		if err := c.Send(t.Context(), []byte{7}, nil); err != nil {
			t.Error(err)
		}
		wire := make([]byte, segment.HeadSize+1)
		if _, err := io.ReadFull(theirs, wire); err != nil || binary.BigEndian.Uint16(wire[6:]) != 1 || wire[segment.HeadSize] != 7 {
			t.Errorf("segment %x, %v", wire, err)
		}
		answer := []byte{0, 0, 0, 0, 0x80, 2, 0, 1, 9}
		for i := range answer {
			if _, err := theirs.Write(answer[i : i+1]); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if b, err := c.Peek(0); len(b) != 1 || b[0] != 9 || err != nil {
			t.Errorf("received %x, %v", b, err)
		}
		m.Close(context.Background())
	})
}

// broken is a bearer that cannot be read.
type broken struct {
	net.Conn
	err error
}

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// Why a bearer ends is told, and is no fault of the peer.
func TestReadErrorIsTold(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	why := errors.New("cable pulled")
	m := New(broken{ours, why}, Config{})
	m.Start()
	<-m.Done()
	if err := m.Err(); !errors.Is(err, why) || protocol.IsPeerFault(err) {
		t.Errorf("ended with %v", err)
	}
	m.Close(context.Background())
}

// farewell is a bearer that ends with the bytes it brings.
type farewell struct {
	net.Conn
	b []byte
}

func (f *farewell) Read(p []byte) (int, error) {
	n := copy(p, f.b)
	f.b = f.b[n:]
	return n, io.EOF
}

// Bytes that come together with the end count.
func TestBytesWithTheEnd(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	m := New(&farewell{ours, []byte{0, 0, 0, 0, 0x80, 2, 0, 1, 9}}, Config{})
	c := m.Channel(&protocol.Spec{ID: 2, Name: "test", Ingress: 100}, protocol.Initiator)
	m.Start()
	<-m.Done()
	if b, _ := c.Peek(0); len(b) != 1 || b[0] != 9 {
		t.Errorf("received %x", b)
	}
	if err := m.Err(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	m.Close(context.Background())
}

// The first reason is the reason, for channels as well.
func TestFirstReasonStays(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	m := New(ours, Config{})
	c := m.Channel(&protocol.Spec{ID: 2, Name: "test", Ingress: 100}, protocol.Initiator)
	m.Start()
	first := errors.New("first")
	m.Fail(first)
	m.Fail(errors.New("second"))
	if _, err := c.Peek(0); !errors.Is(err, first) || !errors.Is(m.Err(), first) {
		t.Errorf("channel ended with %v, mux with %v", err, m.Err())
	}
	m.Close(context.Background())
}

// What comes after the end is dropped: nobody reads it any more.
func TestNothingAfterTheEnd(t *testing.T) {
	in := newIngress(&protocol.Spec{Ingress: 100})
	in.deliver([]byte("before"), 0)
	ended := errors.New("ended")
	in.end(ended)
	if !in.deliver([]byte("after"), 0) {
		t.Error("bytes after the end count as too many")
	}
	if unread, err := in.Peek(len("before")); string(unread) != "before" || err != ended {
		t.Errorf("got %q, %v", unread, err)
	}
}

// Where nothing is, nothing can be consumed.
func TestConsumeNothing(t *testing.T) {
	in := newIngress(&protocol.Spec{Ingress: 100})
	in.Consume(0)
	in.deliver([]byte("left"), 0)
	in.Consume(0)
	if unread, _ := in.Peek(0); string(unread) != "left" {
		t.Errorf("got %q", unread)
	}
}

// Only the first call of Start counts.
func TestStartTwice(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	m := New(a, Config{})
	defer m.Fail(net.ErrClosed)
	m.Start()
	m.Start()
	if err := m.Err(); err != nil {
		t.Error(err)
	}
}
