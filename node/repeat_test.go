package node_test

import (
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// fromAddress is a listener whose connections come from the address that is set.
type fromAddress struct {
	net.Listener
	address string
}

func (l *fromAddress) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return remote{conn, l.address}, err
}

type remote struct {
	net.Conn
	address string
}

func (r remote) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(r.address), 3001))
}

// One that connects again for each request has its pace all the same; others do not
// wait for it, whatever they do, and in time it has as much free as at first.
func TestPacesOutliveConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(10)
		l := &fromAddress{Listener: w.Net.Listen("us")}
		cfg := w.Config()
		cfg.Sources = c.Sources()
		cfg.Limits.Exempt = func(a netip.Addr) bool { return a == netip.MustParseAddr("192.0.2.9") }
		go node.Serve(t.Context(), l, cfg)
		points := make([]ledger.Point, chainsync.MaxPoints-1, chainsync.MaxPoints)
		for i := range points {
			points[i] = ledger.Point{Slot: ledger.Slot(i + 1)}
		}
		points = append(points, c.Point(3))

		ask := func(address string, points []ledger.Point) time.Duration {
			t.Helper()
			l.address = address
			conn, err := node.Dial(t.Context(), "us", w.Config())
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			began := time.Now()
			if p, _, err := conn.ChainSync().Intersect(t.Context(), points...); err != nil || p != c.Point(3) {
				t.Fatalf("%v, %v", p, err)
			}
			took := time.Since(began)
			conn.Close()
			synctest.Wait()
			return took
		}
		greedy := func(addresses ...string) {
			t.Helper()
			for i := range 6 {
				var want time.Duration
				if i >= 2 {
					want = 1010 * 8 * time.Millisecond
				}
				if took := ask(addresses[i%len(addresses)], points); took != want {
					t.Errorf("%s: request %d took %v, want %v", addresses, i, took, want)
				}
				if took := ask("192.0.2.1", points[980:]); took != 0 {
					t.Errorf("another waits %v", took)
				}
			}
		}
		greedy("192.0.2.7")
		greedy("2001:db8::1", "2001:db8::2", "2001:db8:0:0:1::")
		if took := ask("2001:db8:0:1::1", points); took != 0 {
			t.Errorf("another network waits %v", took)
		}
		if took := ask("192.0.2.7", points[980:]); took > 10*time.Second {
			t.Errorf("a neighbour of the greedy one waits %v, longer than it may", took)
		}
		for range 6 {
			if took := ask("192.0.2.9", points); took != 0 {
				t.Errorf("an exempt one waits %v", took)
			}
		}
		time.Sleep(time.Minute)
		greedy("192.0.2.7")
	})
}
