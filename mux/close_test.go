package mux_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/vnet"
)

// Close sends all that is queued, to a peer that sends without end and takes
// its time to read.
func TestCloseFlushes(t *testing.T) {
	testenv.CheckLeaks(t)
	a, b := tcpPair(t)
	defer b.Close()
	m := mux.New(a, mux.Config{})
	c := m.Channel(spec(2, 1<<20), protocol.Initiator)
	m.Channel(spec(2, 1<<30), protocol.Responder) // takes what comes before Close
	m.Respond(spec(3, 1<<20), mux.OnOwn, func(ctx context.Context, c *mux.Channel) error {
		for { // a responder that is cut off in the middle must not cut off others
			if err := c.Send(ctx, make([]byte, 1000), nil); err != nil {
				return err
			}
		}
	})
	m.Start()
	b.Write(segment(protocol.Initiator, 3, []byte{1}))
	const size = 8 << 20 // more than the kernel buffers
	if err := c.Send(t.Context(), nil, make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		for {
			if _, err := b.Write(segment(protocol.Initiator, 2, make([]byte, 60_000))); err != nil {
				return
			}
		}
	}()
	closed := make(chan error, 1)
	closing := time.Now()
	go func() { closed <- m.Close(within(t)) }()
	<-time.After(10 * time.Millisecond) // the kernel's buffers are full
	got := 0
	for {
		var h [8]byte
		if _, err := io.ReadFull(b, h[:]); err != nil {
			if err != io.EOF {
				lost(t, closing, got, err)
			}
			break
		}
		n := int(h[6])<<8 | int(h[7])
		if _, err := io.CopyN(io.Discard, b, int64(n)); err != nil {
			lost(t, closing, got, err)
		}
		if h[5] == 2 {
			got += n
		}
	}
	if got != size {
		lost(t, closing, got, io.EOF)
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := c.Send(t.Context(), []byte{1}, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("sending after Close: %v", err)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Errorf("closing again: %v", err)
	}
	<-flooded
}

// lost tells of bytes that did not arrive, which is a fault if the peer had not
// had the second in which Close waits for it to read them.
func lost(t *testing.T, closing time.Time, got int, err error) {
	t.Helper()
	if took := time.Since(closing); took > time.Second {
		t.Skipf("the machine is too busy: %v after %d bytes in %v", err, got, took)
	}
	t.Fatalf("after %d bytes: %v", got, err)
}

// A peer that takes nothing cannot hold up a Close whose context ends, nor can
// one that goes on sending after the end.
func TestCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, in, _, _, _ := started(t, mux.Config{IdleTimeout: time.Second})
		if err := in.Send(t.Context(), []byte("never taken"), nil); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		if err := m.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		if got := time.Since(start); got != 1500*time.Millisecond {
			t.Errorf("closed after %v", got)
		}
	})
}

func TestCloseDrainsForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := virtualPair(t)
		defer b.Close()
		m := mux.New(a, mux.Config{})
		m.Channel(spec(2, 1000), protocol.Responder)
		m.Start()
		start := time.Now()
		if err := m.Close(t.Context()); err != nil { // b neither sends nor hangs up
			t.Errorf("Close: %v", err)
		}
		if got := time.Since(start); got != time.Second {
			t.Errorf("closed after %v", got)
		}
	})
}

// A segment that is dropped while we close has no channel to blame when it
// stalls.
func TestStallWhileClosing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := virtualPair(t)
		defer b.Close()
		m := mux.New(a, mux.Config{SegmentTimeout: 100 * time.Millisecond})
		m.Channel(spec(2, 1000), protocol.Responder)
		m.Start()
		closed := make(chan error)
		go func() { closed <- m.Close(t.Context()) }()
		synctest.Wait()
		if _, err := b.Write(segment(protocol.Initiator, 2, make([]byte, 20))[:10]); err != nil {
			t.Fatal(err)
		}
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

// noWrites is a bearer that fails to write, and of which nothing is read.
type noWrites struct{ net.Conn }

var errNoWrites = errors.New("no route")

func (noWrites) Write([]byte) (int, error) { return 0, errNoWrites }

// What fails to be written ends the connection, without blame.
func TestWriteError(t *testing.T) {
	a, peer := net.Pipe()
	defer peer.Close()
	m := mux.New(noWrites{a}, mux.Config{})
	defer drop(m)
	c := m.Channel(spec(2, 1000), protocol.Initiator)
	m.Start()
	if err := c.Send(t.Context(), []byte("x"), nil); err != nil {
		t.Fatal(err)
	}
	<-m.Done()
	if err := m.Err(); !errors.Is(err, errNoWrites) || protocol.IsPeerFault(err) {
		t.Errorf("got %v", err)
	}
}

// virtualPair is a bearer in virtual time that can be closed one way.
func virtualPair(t *testing.T) (a, b net.Conn) {
	t.Helper()
	n := vnet.New(vnet.Config{Link: vnet.Link{Latency: time.Millisecond, Window: 1 << 16}})
	l, err := n.Host("b").Listen(1)
	if err != nil {
		t.Fatal(err)
	}
	if a, err = n.Host("a").Dial(t.Context(), "b:1"); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	l.Close()
	return a, b
}

// Close during the handshake, and while a task waits for bytes.
func TestCloseEarly(t *testing.T) {
	onBearers(t, func(t *testing.T, a, b net.Conn) {
		ma, mb := pair(t, a, b, mux.Config{})
		c := ma.Channel(spec(2, 1000), protocol.Initiator)
		waiting := make(chan error, 1)
		ma.Go(func(context.Context) error {
			_, err := await(c, 1)
			waiting <- err
			return err
		})
		go mb.Close(context.Background())
		if err := ma.Close(within(t)); err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("Close: %v", err)
		}
		if err := <-waiting; !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.EOF) {
			t.Errorf("the task got %v", err)
		}
	})
}
