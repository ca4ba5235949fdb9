package node_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/node"
)

// As many connections as the limit get in at once. From then on a new one takes
// the place of an older one each 5 s, but never of one that we use.
func TestServeLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 20
		w := nodetest.NewWorld(t)
		cfg := w.Config()
		cfg.Mux.IdleTimeout = -1 // they stay without saying anything
		cfg.Limits.Inbound = limit
		cfg.Seed = 1
		var served atomic.Int64
		var first *node.Conn
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		l := w.Net.Listen("us")
		go func() {
			cfg.Observer.Connected = func(c *node.Conn) {
				if served.Add(1) == 1 {
					first = c
					c.ChainSync() // so that we use it
				}
			}
			cfg.Observer.Closed = func(*node.Conn) { served.Add(-1) }
			done <- node.Serve(ctx, l, cfg)
		}()
		began := time.Now()
		duplex := w.Config()
		duplex.Sources = nodetest.NewChain().Sources()
		c, err := node.Dial(t.Context(), "us", duplex)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		synctest.Wait()
		for range limit - 1 {
			w.DialRaw("us", nodetest.Asking)
		}
		synctest.Wait()
		if n, d := served.Load(), time.Since(began); n != limit || d > 0 {
			t.Fatalf("%d connections after %v", n, d)
		}
		for i := range 4 * limit {
			in, out := w.DialRaw("us", nodetest.Asking), w.DialRaw("us", nodetest.Asking)
			synctest.Wait()
			if n := served.Load(); n != limit {
				t.Fatalf("%d connections after %d more", n, i)
			}
			if a, b := in.Closed(), out.Closed(); a == b {
				t.Errorf("round %d: of two that come at once, one gets a place: %v, %v", i, a, b)
			}
			time.Sleep(5 * time.Second)
		}
		if err := first.Err(); err != nil {
			t.Errorf("the connection that we use ended: %v", err)
		}
		cancel()
		began = time.Now()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if d := time.Since(began); d > 2*time.Second {
			t.Errorf("took %v to end", d)
		}
		if n := served.Load(); n != 0 {
			t.Errorf("%d connections were not told to have ended", n)
		}
	})
}

// Peers that never shake hands are dropped after 10 s and hold up nobody.
func TestServeWithoutHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(10)
		w.Serve("us", c)
		var conns []net.Conn
		for range 20 {
			conn, err := w.Net.Dial(t.Context(), "us")
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, conn)
		}
		began := time.Now()
		good, err := node.Dial(t.Context(), "us", w.Config())
		if err != nil || time.Since(began) > 0 {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		defer good.Close()
		for _, conn := range conns {
			conn.Read(make([]byte, 1))
			if d := time.Since(began); d != 10*time.Second {
				t.Errorf("dropped after %v", d)
			}
		}
	})
}

// Serve ends in less than 2 s while it streams to one that reads, to one that
// does not, and in the middle of a handshake.
func TestServeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(2000)
		s := w.Serve("us", c)
		deaf := w.DialRaw("us", nodetest.Asking)
		go deaf.Message(nodetest.ChainSync, false, chainsync.RequestNext{})
		if _, err := w.Net.Dial(t.Context(), "us"); err != nil {
			t.Fatal(err)
		}
		conn, err := node.Dial(t.Context(), "us", w.Config())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		n := 0
		for _, err := range conn.BlockFetch().Range(t.Context(), c.Point(1999), c.Point(0)) {
			if n++; err != nil {
				break
			}
			if n == 100 {
				began := time.Now()
				s.Close()
				if d := time.Since(began); d > 2*time.Second {
					t.Errorf("took %v", d)
				}
			}
		}
		if <-conn.Done(); conn.Err() == nil || node.Blame(conn.Err()) {
			t.Errorf("ended with %v", conn.Err())
		}
	})
}

// failing is a listener whose first accepts do not succeed.
type failing struct {
	net.Listener
	errs []error
}

func (l *failing) Accept() (net.Conn, error) {
	if len(l.errs) > 0 {
		err := l.errs[0]
		l.errs = l.errs[1:]
		return nil, &net.OpError{Op: "accept", Err: err}
	}
	return l.Listener.Accept()
}

// What accept reports of one connection, or of a lack that passes, ends nothing.
func TestServeAcceptErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := nodetest.NewWorld(t)
		l := &failing{w.Net.Listen("us"), []error{
			syscall.ECONNABORTED, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
			syscall.EPROTO, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN,
			syscall.EPERM, syscall.ENOPROTOOPT, syscall.EOPNOTSUPP, syscall.ETIMEDOUT,
		}}
		pauses := time.Duration(len(l.errs)) * 500 * time.Millisecond
		nodetest.Serve(t, l, w.Config())
		began := time.Now()
		c, err := node.Dial(t.Context(), "us", w.Config())
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if d := time.Since(began); d < pauses || d > pauses+500*time.Millisecond {
			t.Errorf("took %v", d)
		}
		broken := errors.New("broken")
		if err := node.Serve(t.Context(), &failing{w.Net.Listen("them"), []error{broken}}, w.Config()); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		cfg := w.Config()
		cfg.Limits.Inbound = -1
		if err := node.Serve(t.Context(), w.Net.Listen("others"), cfg); err == nil {
			t.Error("a limit below 0 is taken")
		}
	})
}

// addressed is a listener whose connections come from addresses, the last one's
// for all that follow.
type addressed struct {
	net.Listener
	from []string
}

type addressedConn struct {
	net.Conn
	from net.Addr
}

func (c addressedConn) RemoteAddr() net.Addr { return c.from }

func (l *addressed) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	from := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(l.from[0]), 3001))
	if len(l.from) > 1 {
		l.from = l.from[1:]
	}
	return addressedConn{c, from}, nil
}

// While all places are taken, who dials without end from one address does not hold
// up the others.
func TestServeBesideCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const crowd = 500
		w := nodetest.NewWorld(t)
		cfg := w.Config()
		cfg.Mux.IdleTimeout = -1
		cfg.Limits = node.Limits{Inbound: 1, PerAddress: 1}
		from := slices.Repeat([]string{"192.0.2.1"}, 1+crowd)
		nodetest.Serve(t, &addressed{w.Net.Listen("us"), append(from, "192.0.2.2")}, cfg)
		w.DialRaw("us", nodetest.Asking)
		for range crowd {
			go w.Net.Dial(t.Context(), "us")
		}
		synctest.Wait()
		began := time.Now()
		c, err := node.Dial(t.Context(), "us", w.Config())
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if d := time.Since(began); d > 100*time.Millisecond {
			t.Errorf("a newcomer waited for %v", d)
		}
	})
}

// A slow consumer of one mini-protocol does not disturb the others on its
// connection, and gets nobody blamed.
func TestSlowConsumerOfOneProtocol(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(1000)
		w.Serve("us", c)
		var pings atomic.Int64
		cfg := w.Config()
		cfg.Observer.RoundTrip = func(_ *node.Conn, rtt time.Duration) {
			if pings.Add(1); rtt > time.Second {
				t.Errorf("round trip of %v", rtt)
			}
		}
		conn, err := node.Dial(t.Context(), "us", cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		n := 0
		for _, err := range conn.ChainSync().Updates(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n > 30 {
				break
			}
			blocks := 0
			for _, err := range conn.BlockFetch().Range(t.Context(), c.Point(99), c.Point(0)) {
				if err != nil {
					t.Fatal(err)
				}
				blocks++
			}
			if blocks != 100 {
				t.Errorf("%d blocks", blocks)
			}
			time.Sleep(time.Minute)
		}
		if pings.Load() < 150 {
			t.Errorf("%d keep-alives", pings.Load())
		}
	})
}
