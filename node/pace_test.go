package node_test

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// One that asks for intersections without end gets 125 points a second, also in
// one conversation after the other; one that asks as nodes do never waits, and
// waits for no other.
func TestIntersectionsArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := newWorld(t), newChain().Grow(10)
		w.serve("us", c)
		dial := func() *node.Conn {
			conn, err := node.Dial(t.Context(), "us", w.config())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			return conn
		}
		points := make([]ledger.Point, chainsync.MaxPoints-1, chainsync.MaxPoints)
		for i := range points {
			points[i] = ledger.Point{Slot: ledger.Slot(i + 1)}
		}
		points = append(points, c.Point(3))
		greedy, honest := dial(), dial()
		ask := func(conn *node.Conn, points []ledger.Point) time.Duration {
			t.Helper()
			began := time.Now()
			if p, _, err := conn.ChainSync().Intersect(t.Context(), points...); err != nil || p != c.Point(3) {
				t.Fatalf("%v, %v", p, err)
			}
			return time.Since(began)
		}
		for i := range 4 {
			var want time.Duration
			if i >= 2 {
				want = 1010 * 8 * time.Millisecond
			}
			if took := ask(greedy, points); took != want {
				t.Errorf("request %d took %v", i, took)
			}
			if took := ask(honest, points[980:]); took != 0 {
				t.Errorf("an honest one waits %v", took)
			}
		}
		if err := greedy.ChainSync().Done(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := ask(greedy, points[999:]); took != 11*8*time.Millisecond {
			t.Errorf("a new conversation took %v", took)
		}
		time.Sleep(time.Minute)
		if took := ask(greedy, points); took != 0 {
			t.Errorf("after a minute it took %v", took)
		}
	})
}

func TestSharingIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		cfg := w.config()
		cfg.PeerSharing = true
		cfg.Sources = &node.Sources{PeerSharing: friends{netip.MustParseAddrPort("192.0.2.7:3001")}}
		l := w.net.Listen("us")
		go node.Serve(t.Context(), l, cfg, nil)
		conn, err := node.Dial(t.Context(), "us", cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		began := time.Now()
		for i := range 20 {
			if _, err := conn.PeerSharing().Request(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took != time.Duration(max(0, i-9))*time.Second {
				t.Errorf("answer %d after %v", i, took)
			}
		}
	})
}
