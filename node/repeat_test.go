package node_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
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
		points := manyPoints(c.Point(3))

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

// manyPoints returns as many points as may be asked for, of which the last is there.
func manyPoints(last ledger.Point) []ledger.Point {
	points := make([]ledger.Point, chainsync.MaxPoints-1, chainsync.MaxPoints)
	for i := range points {
		points[i] = ledger.Point{Slot: ledger.Slot(i + 1)}
	}
	return append(points, last)
}

// Who hangs up while its request waits, again and again, owes no more for it: neighbours
// are answered before the 10 s are over that they wait, whatever they ask for.
func TestDebtsOfUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(10)
		l := &fromAddress{Listener: w.Net.Listen("us")}
		cfg := w.Config()
		cfg.Sources = c.Sources()
		go node.Serve(t.Context(), l, cfg)
		points := manyPoints(c.Point(3))
		for _, addresses := range [][2]string{{"192.0.2.7", "192.0.2.7"}, {"2001:db8::1", "2001:db8::2"}} {
			dial := func(address string) *node.Conn {
				l.address = address
				conn, err := node.Dial(t.Context(), "us", w.Config())
				if err != nil {
					t.Fatal(err)
				}
				return conn
			}
			for range 50 {
				conn := dial(addresses[0])
				done := make(chan struct{})
				go func() {
					defer close(done)
					conn.ChainSync().Intersect(t.Context(), points...)
				}()
				synctest.Wait()
				conn.Close()
				<-done
				synctest.Wait()
			}
			for _, n := range []int{20, len(points)} {
				conn := dial(addresses[1])
				began := time.Now()
				p, _, err := conn.ChainSync().Intersect(t.Context(), points[len(points)-n:]...)
				if took, most := time.Since(began), time.Duration(n+10)*8*time.Millisecond; err != nil || p != c.Point(3) || took > most {
					t.Errorf("a neighbour of %v that asks for %d points: after %v, %v, %v; want within %v", addresses[0], n, took, p, err, most)
				}
				conn.Close()
				synctest.Wait()
			}
		}
	})
}

// lateLog is a log that takes a second for each connection.
type lateLog struct{}

func (lateLog) Enabled(context.Context, slog.Level) bool { return true }
func (l lateLog) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l lateLog) WithGroup(string) slog.Handler          { return l }
func (lateLog) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "connected" {
		time.Sleep(time.Second)
	}
	return nil
}

// A request that comes right behind the handshake waits as one that comes later does.
func TestDebtsBehindHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(10)
		l := &fromAddress{Listener: w.Net.Listen("us"), address: "192.0.2.7"}
		cfg := w.Config()
		cfg.Sources = c.Sources()
		cfg.Logger = slog.New(lateLog{})
		go node.Serve(t.Context(), l, cfg)
		data := nodetest.Both
		data.Magic = nodetest.Network().Magic
		find := chainsync.FindIntersect{Points: manyPoints(c.Point(3))}.AppendCBOR(nil)
		var both []byte
		both = append(both, nodetest.Segment(0, false, handshake.ProposeVersions{Table: handshake.Versions(data)}.AppendCBOR(nil))...)
		for part := range slices.Chunk(find, 12288) {
			both = append(both, nodetest.Segment(nodetest.ChainSync, false, part)...)
		}
		// Each takes 8.08 s, of which 1 s is paid before the next; 16.16 s are free.
		for i, want := range []time.Duration{0, 0, 6080, 7080} {
			conn, err := w.Net.Dial(t.Context(), "us")
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			p := &nodetest.Raw{Conn: conn}
			go conn.Write(both)
			if len(p.Await(nodetest.ChainSync|1<<15)) == 0 {
				t.Fatal("no answer")
			}
			if took := time.Since(began); took != want*time.Millisecond {
				t.Errorf("request %d took %v, want %d ms", i, took, want)
			}
			conn.Close()
			time.Sleep(time.Second)
			synctest.Wait()
		}
	})
}
