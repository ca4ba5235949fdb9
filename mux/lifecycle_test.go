package mux_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// counted declares a responder that reports its start, takes n bytes, reports
// them and ends.
func counted(m *mux.Mux, id uint16, on mux.StartOn, n int) (starts chan struct{}, got chan string) {
	starts, got = make(chan struct{}, 10), make(chan string, 10)
	m.Respond(spec(id, 1000), on, func(ctx context.Context, c *mux.Channel) error {
		starts <- struct{}{}
		b, err := await(c, n)
		if err != nil {
			return err
		}
		got <- string(b[:n])
		c.Consume(n)
		return nil
	})
	return starts, got
}

// A responder starts when bytes for it come, and starts again with the bytes
// that its predecessor left.
func TestStartOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, peer := net.Pipe()
		m := mux.New(a, mux.Config{})
		defer drop(m)
		defer peer.Close()
		two, got := counted(m, 2, mux.OnOwn, 3)
		three, _ := counted(m, 3, mux.OnOwn, 3)
		eight, gotAny := counted(m, 8, mux.OnAny, 3)
		ours := m.Channel(spec(2, 1000), protocol.Initiator)
		m.Start()

		started := func(what string, want2, want3, want8 int) {
			t.Helper()
			synctest.Wait()
			if len(two) != want2 || len(three) != want3 || len(eight) != want8 {
				t.Errorf("%s: %d, %d and %d starts, want %d, %d and %d", what, len(two), len(three), len(eight), want2, want3, want8)
			}
		}
		started("at first", 0, 0, 0)
		peer.Write(segment(protocol.Responder, 2, []byte("abc")))
		if _, err := await(ours, 3); err != nil {
			t.Fatal(err)
		}
		started("after bytes for our initiator", 0, 0, 0)
		peer.Write(segment(protocol.Initiator, 2, []byte("ab")))
		started("after bytes for 2", 1, 0, 1)
		peer.Write(segment(protocol.Initiator, 2, []byte("cdefghi")))
		started("after surplus bytes for 2", 3, 0, 1)
		for _, want := range []string{"abc", "def", "ghi"} {
			if s := <-got; s != want {
				t.Errorf("got %q, want %q", s, want)
			}
		}
		time.Sleep(time.Second)
		peer.Write(segment(protocol.Initiator, 2, []byte("j")))
		started("after a pause", 4, 0, 1)
		peer.Write(segment(protocol.Initiator, 8, []byte("abc")))
		<-gotAny
		peer.Write(segment(protocol.Initiator, 3, []byte("a")))
		started("after the end of 8", 4, 1, 1)
		peer.Write(segment(protocol.Initiator, 8, []byte("d")))
		started("after bytes for 8", 4, 1, 2)
	})
}

// An error of a responder or task ends the connection, and is the reason.
func TestTaskError(t *testing.T) {
	testenv.CheckLeaks(t)
	reason := errors.New("reason")
	m, _, _, _, _ := started(t, mux.Config{})
	m.Go(func(context.Context) error { return nil })
	m.Go(func(context.Context) error { return reason })
	m.Go(func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })
	<-m.Done()
	if err := m.Close(t.Context()); err != reason || m.Err() != reason {
		t.Errorf("Close: %v, Err: %v", err, m.Err())
	}
	m.Go(func(context.Context) error { t.Error("ran after the end"); return nil })
	c := func() *mux.Mux { a, b := net.Pipe(); b.Close(); return mux.New(a, mux.Config{}) }()
	defer drop(c)
	late := c.Channel(spec(2, 1000), protocol.Initiator)
	c.Start()
	<-c.Done()
	if _, err := await(late, 1); err != io.EOF {
		t.Errorf("a channel of a dead connection says %v", err)
	}
}

// A channel that is declared after the end of the Mux says so.
func TestChannelAfterEnd(t *testing.T) {
	testenv.CheckLeaks(t)
	a, b := net.Pipe()
	defer b.Close()
	m := mux.New(a, mux.Config{})
	reason := errors.New("reason")
	m.Fail(reason)
	drop(m)
	for _, c := range []*mux.Channel{m.Handshake(handshake.Spec(), protocol.Initiator), m.Channel(spec(2, 1000), protocol.Initiator)} {
		if _, err := await(c, 1); err != reason {
			t.Errorf("got %v", err)
		}
	}
}

// A connection that nobody uses ends after five seconds, without blame.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, peer := net.Pipe()
		m := mux.New(a, mux.Config{})
		defer drop(m)
		defer peer.Close()
		counted(m, 2, mux.OnOwn, 3)
		time.Sleep(time.Hour) // the handshake has its own limits
		m.Start()
		time.Sleep(4 * time.Second)
		m.Hold()
		time.Sleep(time.Hour)
		m.Hold()
		m.Release()
		time.Sleep(time.Hour)
		m.Release()
		time.Sleep(4 * time.Second)
		m.Go(func(context.Context) error { time.Sleep(time.Hour); return nil })
		time.Sleep(time.Hour + 4*time.Second)
		peer.Write(segment(protocol.Initiator, 2, []byte("a"))) // the responder runs
		time.Sleep(time.Hour)
		if m.Err() != nil {
			t.Fatal(m.Err())
		}
		peer.Write(segment(protocol.Initiator, 2, []byte("bc")))
		start := time.Now()
		<-m.Done()
		if got := time.Since(start); got != 5*time.Second {
			t.Errorf("ended after %v", got)
		}
		if err := m.Err(); err != mux.ErrIdle || protocol.IsPeerFault(err) {
			t.Errorf("got %v", err)
		}
	})
}

// In the handshake phase a segment is read only when the handshake waits for
// one: not because it waited for the rest of the one before.
func TestHandshakeGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours := handshake.Versions(handshake.Data{Magic: 1})
		a, peer := net.Pipe()
		defer peer.Close()
		m := mux.New(a, mux.Config{})
		defer drop(m)
		hs := m.Handshake(handshake.Spec(), protocol.Responder)
		answered := make(chan error, 1)
		go func() {
			_, err := handshake.Answer(t.Context(), handshake.Spec(), hs, ours)
			answered <- err
		}()
		go io.Copy(io.Discard, peer)
		for _, b := range segment(protocol.Initiator, 0, handshake.ProposeVersions{Table: ours}.AppendCBOR(nil)) {
			peer.Write([]byte{b})
			synctest.Wait()
		}
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
		go peer.Write(segment(protocol.Initiator, 2, []byte("hello")))
		synctest.Wait()
		if err := m.Err(); err != nil {
			t.Fatalf("read before Start: %v", err)
		}
		c := m.Channel(spec(2, 1000), protocol.Responder)
		m.Start()
		if b, err := await(c, 5); string(b) != "hello" {
			t.Errorf("%q, %v", b, err)
		}
		if _, err := await(hs, 1); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the channel of the handshake says %v", err)
		}
	})
}

// What the handshake did not wait for is unread before Start.
func TestGateStaysClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, peer := net.Pipe()
		m := mux.New(a, mux.Config{})
		defer drop(m)
		wrote := make(chan struct{})
		go func() {
			defer close(wrote)
			peer.Write(segment(protocol.Initiator, 2, []byte("hello")))
		}()
		synctest.Wait()
		select {
		case <-wrote:
			t.Error("read before Start")
		default:
		}
		peer.Close()
		<-wrote
	})
}

// At a TCP simultaneous open both sides propose.
func TestSimultaneousOpen(t *testing.T) {
	onBearers(t, func(t *testing.T, a, b net.Conn) {
		ma, mb := pair(t, a, b, mux.Config{})
		ours := handshake.Versions(handshake.Data{Magic: 1})
		agreed := make(chan handshake.Agreement)
		for _, m := range []*mux.Mux{ma, mb} {
			hs := m.Handshake(handshake.Spec(), protocol.Initiator)
			m.Go(func(ctx context.Context) error {
				got, err := handshake.Propose(ctx, handshake.Spec(), hs, ours)
				if err != nil {
					t.Error(err)
				}
				agreed <- got
				return nil
			})
		}
		if x, y := <-agreed, <-agreed; x != y || x.Version != handshake.V15 {
			t.Errorf("%+v and %+v", x, y)
		}
	})
}

// A refusal reaches a peer that goes on sending.
func TestRefusalArrives(t *testing.T) {
	testenv.CheckLeaks(t)
	a, peer := tcpPair(t)
	defer peer.Close()
	m := mux.New(a, mux.Config{})
	defer drop(m)
	offer := handshake.ProposeVersions{Table: handshake.Versions(handshake.Data{Magic: 1})}
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		_, err := peer.Write(segment(protocol.Initiator, 0, offer.AppendCBOR(nil)))
		for err == nil {
			_, err = peer.Write(segment(protocol.Initiator, 2, make([]byte, 60_000)))
		}
	}()
	ours := handshake.Versions(handshake.Data{Magic: 2})
	var refused *handshake.RefusedError
	if _, err := handshake.Answer(t.Context(), handshake.Spec(), m.Handshake(handshake.Spec(), protocol.Responder), ours); !errors.As(err, &refused) {
		t.Fatalf("answered with %v", err)
	}
	if err := m.Close(within(t)); err != nil {
		t.Errorf("Close: %v", err)
	}
	h := make([]byte, 8)
	if _, err := io.ReadFull(peer, h); err != nil {
		t.Fatal(err)
	}
	reply := make([]byte, h[7])
	if _, err := io.ReadFull(peer, reply); err != nil {
		t.Fatal(err)
	}
	if m, err := (handshake.Refuse{}).Decode(reply); err != nil || m.(handshake.Refuse).Refusal.Reason != handshake.Refused {
		t.Errorf("the peer got %v, %v", m, err)
	}
	<-flooded
}
