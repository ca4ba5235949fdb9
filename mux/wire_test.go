package mux_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// segment encodes a segment.
func segment(from protocol.Role, id uint16, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, 12345)
	if from == protocol.Responder {
		id |= 0x8000
	}
	b = binary.BigEndian.AppendUint16(b, id)
	b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	return append(b, payload...)
}

// spec is a mini-protocol of which only the number and the bounds matter.
func spec(id uint16, ingress int) *protocol.Spec {
	return &protocol.Spec{Name: "p" + string('0'+rune(id)), ID: id, Ingress: ingress, States: []protocol.State{
		{Name: "St", Agency: protocol.Responder, Limit: 1000}}}
}

// started returns a Mux with channels for protocols 2 (both roles) and 3
// (responder only) that may hold 1,000 bytes, and the peer's end.
func started(t testing.TB, cfg mux.Config) (m *mux.Mux, in, out, other *mux.Channel, peer net.Conn) {
	a, peer := net.Pipe()
	m = mux.New(a, cfg)
	in = m.Channel(spec(2, 1000), protocol.Initiator)
	out = m.Channel(spec(2, 1000), protocol.Responder)
	other = m.Channel(spec(3, 1000), protocol.Responder)
	m.Start()
	t.Cleanup(func() { drop(m); peer.Close() })
	return m, in, out, other, peer
}

// await returns n bytes of c, without consuming them, or the error in place
// of them.
func await(c *mux.Channel, n int) ([]byte, error) {
	seen := 0
	for {
		b, err := c.Peek(seen)
		if len(b) >= n {
			return b, nil
		}
		if err != nil {
			return b, err
		}
		if len(b) > seen {
			seen = len(b)
			continue
		}
		<-c.Ready()
	}
}

// Timestamps are microseconds since the connection began.
func TestTimestampsStartAtZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
		_, in, _, _, peer := started(t, mux.Config{})
		for _, want := range []uint32{0, 5_000, 10_000} {
			if err := in.Send(t.Context(), nil, []byte("x")); err != nil {
				t.Fatal(err)
			}
			var b [9]byte
			if _, err := io.ReadFull(peer, b[:]); err != nil {
				t.Fatal(err)
			}
			if got := binary.BigEndian.Uint32(b[:]); got != want {
				t.Errorf("timestamp %d, want %d", got, want)
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
}

func TestBytesOnTheWire(t *testing.T) {
	testenv.CheckLeaks(t)
	_, in, out, _, peer := started(t, mux.Config{})
	for _, test := range []struct {
		c    *mux.Channel
		role protocol.Role
	}{{in, protocol.Initiator}, {out, protocol.Responder}} {
		if err := test.c.Send(t.Context(), []byte("head"), []byte("body")); err != nil {
			t.Fatal(err)
		}
		want := segment(test.role, 2, []byte("headbody"))
		got := make([]byte, len(want))
		if _, err := io.ReadFull(peer, got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got[4:], want[4:]) {
			t.Errorf("the %s sent %x, want %x", test.role, got, want)
		}
	}
	// The peer's initiator talks to our responder and the other way round.
	peer.Write(segment(protocol.Initiator, 2, []byte("question")))
	peer.Write(segment(protocol.Responder, 2, []byte("answer")))
	if b, err := await(out, 8); string(b) != "question" {
		t.Errorf("%q, %v", b, err)
	}
	if b, err := await(in, 6); string(b) != "answer" {
		t.Errorf("%q, %v", b, err)
	}
	// The largest segment that is legal, and bytes in pieces.
	long := segment(protocol.Initiator, 2, bytes.Repeat([]byte("x"), 900))
	for _, b := range long {
		peer.Write([]byte{b})
	}
	if b, err := await(out, 908); len(b) != 908 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestBadInput(t *testing.T) {
	responder, initiator := protocol.Responder, protocol.Initiator
	for _, test := range []struct {
		name     string
		wire     []byte
		hangUp   bool
		err      error
		protocol string
	}{
		{"unknown protocol", segment(initiator, 9, []byte{1}), false, mux.ErrUnknownProtocol, "mux"},
		{"handshake after the handshake", segment(initiator, 0, []byte{1}), false, mux.ErrUnknownProtocol, "mux"},
		{"wrong mode bit", segment(responder, 3, []byte{1}), false, mux.ErrWrongMode, "p3"},
		{"no payload", segment(initiator, 2, nil), false, nil, "mux"},
		{"overrun", segment(initiator, 3, make([]byte, 1001)), false, protocol.ErrOverrun, "p3"},
		{"overrun by several", append(segment(initiator, 3, make([]byte, 1000)), segment(initiator, 3, []byte{1})...), false,
			protocol.ErrOverrun, "p3"},
		{"overrun announced", segment(initiator, 3, make([]byte, 1001))[:100], false, protocol.ErrOverrun, "p3"},
		{"end between segments", segment(initiator, 3, []byte{1}), true, io.EOF, ""},
		{"end in a header", segment(initiator, 3, []byte{1})[:5], true, io.ErrUnexpectedEOF, ""},
		{"end in a payload", segment(initiator, 3, []byte{1, 2, 3})[:9], true, io.ErrUnexpectedEOF, ""},
		{"end at once", nil, true, io.EOF, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			testenv.CheckLeaks(t)
			m, in, out, other, peer := started(t, mux.Config{})
			peer.Write(test.wire)
			if test.hangUp {
				peer.Close()
			}
			<-m.Done()
			err := m.Err()
			if test.err != nil && !errors.Is(err, test.err) {
				t.Errorf("got %v, want %v", err, test.err)
			}
			var v *protocol.ViolationError
			if blamed := errors.As(err, &v); blamed != (test.protocol != "") || blamed && v.Protocol != test.protocol {
				t.Errorf("%v does not blame %q", err, test.protocol)
			}
			for _, c := range []*mux.Channel{in, out, other} {
				if _, got := await(c, 2000); got != err {
					t.Errorf("a channel says %v", got)
				}
				if got := c.Send(t.Context(), []byte{1}, nil); got != err {
					t.Errorf("sending says %v", got)
				}
			}
			if got := m.Close(t.Context()); got != err {
				t.Errorf("Close says %v", got)
			}
		})
	}
}

// Exactly the limit may wait unseen; what a session has looked at does not
// count, even if it has not consumed it.
func TestIngressLimit(t *testing.T) {
	testenv.CheckLeaks(t)
	m, _, out, other, peer := started(t, mux.Config{})
	full := segment(protocol.Initiator, 3, make([]byte, 1000))
	for n := 1000; n <= 5000; n += 1000 {
		peer.Write(full)
		if b, err := await(other, n); err != nil {
			t.Fatalf("%d bytes, then %v", len(b), err)
		}
		other.Peek(n) // all seen
	}
	other.Consume(5000)
	peer.Write(full)
	// The reader goes on whatever waits in a channel.
	peer.Write(segment(protocol.Initiator, 2, []byte("hello")))
	if b, err := await(out, 5); string(b) != "hello" {
		t.Fatalf("%q, %v", b, err)
	}
	slow := errors.New("we were slow")
	other.OnOverrun(slow)
	peer.Write(segment(protocol.Initiator, 3, []byte{1}))
	<-m.Done()
	if m.Err() != slow {
		t.Errorf("got %v, want the error of OnOverrun", m.Err())
	}
}

// Each segment has 30 seconds from its first byte to its last, between
// segments there is no limit.
func TestSegmentTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _, _, other, peer := started(t, mux.Config{IdleTimeout: -1})
		time.Sleep(100 * time.Hour)
		seg := segment(protocol.Initiator, 3, make([]byte, 28))
		total := 0
		for range 10 { // 290 seconds without a pause between segments
			for _, b := range seg[:29] {
				peer.Write([]byte{b})
				time.Sleep(time.Second)
			}
			peer.Write(append(seg[29:], seg[0]))
			peer.Write(seg[1:])
			total += 2 * 28
			if _, err := await(other, total); err != nil {
				t.Fatalf("after %d bytes: %v", total, err)
			}
			other.Peek(total)
		}
		time.Sleep(time.Hour)
		start := time.Now()
		peer.Write(seg[:20])
		time.Sleep(20 * time.Second)
		peer.Write(seg[20:35]) // all but a byte
		<-m.Done()
		if got := time.Since(start); got != 30*time.Second {
			t.Errorf("ended after %v", got)
		}
		var v *protocol.ViolationError
		if err := m.Err(); !errors.As(err, &v) || v.Protocol != "p3" || !errors.Is(err, protocol.ErrTimeout) || !errors.Is(err, mux.ErrStalled) {
			t.Errorf("got %v", err)
		}
	})
}

// A segment that stalls before its head is complete belongs to no mini-protocol
// yet, whatever the one before was.
func TestSegmentTimeoutInHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _, _, _, peer := started(t, mux.Config{IdleTimeout: -1})
		peer.Write(segment(protocol.Initiator, 3, make([]byte, 28)))
		peer.Write(segment(protocol.Initiator, 3, nil)[:3])
		<-m.Done()
		var v *protocol.ViolationError
		if err := m.Err(); !errors.As(err, &v) || v.Protocol != "mux" || !errors.Is(err, mux.ErrStalled) {
			t.Errorf("got %v", err)
		}
	})
}

// While bytes come without a pause, the time is that of the segment they
// belong to, also when segments share reads.
func TestSegmentTimeoutWhileStreaming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, _, other, peer := started(t, mux.Config{IdleTimeout: -1})
		seg := segment(protocol.Initiator, 3, make([]byte, 100))
		peer.Write(seg[:50])
		for i := range 200 {
			time.Sleep(20 * time.Second)
			peer.Write(append(append([]byte(nil), seg[50:]...), seg[:50]...))
			if _, err := await(other, 100*(i+1)); err != nil {
				t.Fatalf("after %d segments: %v", i, err)
			}
			other.Peek(100 * (i + 1))
		}
	})
}

func TestWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, in, _, _, _ := started(t, mux.Config{IdleTimeout: -1})
		start := time.Now()
		if err := in.Send(t.Context(), make([]byte, 2*12288), nil); err != nil {
			t.Fatal(err)
		}
		<-m.Done()
		if got := time.Since(start); got < 60*time.Second || got > 70*time.Second {
			t.Errorf("a batch of two segments had %v", got)
		}
		if err := m.Err(); !errors.Is(err, mux.ErrStalled) || !protocol.IsPeerFault(err) {
			t.Errorf("got %v", err)
		}
	})
}

// Config bounds the segments that are sent.
func TestSegmentSize(t *testing.T) {
	testenv.CheckLeaks(t)
	for size, want := range map[int][]int{0: {12288, 12288, 424}, 20_000: {20_000, 5_000}, 1 << 20: {25_000}} {
		_, in, _, _, peer := started(t, mux.Config{SegmentSize: size})
		in.Send(t.Context(), make([]byte, 25_000), nil)
		for _, want := range want {
			var h [8]byte
			io.ReadFull(peer, h[:])
			n := int(binary.BigEndian.Uint16(h[6:]))
			if n != want && want != 424 || want == 424 && n != 25_000-2*12288 {
				t.Errorf("with size %d: a segment of %d bytes", size, n)
			}
			io.CopyN(io.Discard, peer, int64(n))
		}
	}
}

// FuzzReader feeds any bytes to a Mux in any pieces. It must not panic, nor
// hold more than it may.
func FuzzReader(f *testing.F) {
	f.Add(segment(protocol.Initiator, 2, []byte("hello")), uint16(3))
	f.Add(segment(protocol.Responder, 2, make([]byte, 900)), uint16(100))
	f.Add([]byte(strings.Repeat(string(segment(protocol.Initiator, 3, []byte("x"))), 20)), uint16(7))
	f.Fuzz(func(t *testing.T, wire []byte, piece uint16) {
		m, in, out, other, peer := started(t, mux.Config{})
		for step := int(piece)%len(append(wire, 0)) + 1; len(wire) > 0; {
			n := min(step, len(wire))
			if _, err := peer.Write(wire[:n]); err != nil {
				break
			}
			wire = wire[n:]
		}
		peer.Close()
		<-m.Done()
		for _, c := range []*mux.Channel{in, out, other} {
			if b, _ := c.Peek(0); len(b) > 1000 {
				t.Errorf("%d bytes held, limit 1000", len(b))
			}
		}
	})
}

// A receiver whose context ends leaves the bytes where they are.
func TestReceiveAfterCancel(t *testing.T) {
	testenv.CheckLeaks(t)
	_, in, _, _, peer := started(t, mux.Config{})
	s := protocol.NewSession[protocol.Message](streamSpec(), protocol.Initiator, in)
	ctx, cancel := context.WithCancel(t.Context())
	wire := data{[]byte("content")}.AppendCBOR(nil)
	peer.Write(segment(protocol.Responder, 2, wire[:5]))
	if _, err := await(in, 5); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := s.Recv(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	peer.Write(segment(protocol.Responder, 2, wire[5:]))
	if got, err := s.Recv(t.Context()); err != nil || string(got.(data).b) != "content" {
		t.Errorf("got %v, %v", got, err)
	}
}
