package node_test

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// One that asks for intersections without end gets 125 points a second, also in
// one conversation after the other; one that asks as nodes do never waits, and
// waits for no other.
func TestIntersectionsArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(10)
		w.Serve("us", c)
		dial := func() *node.Conn {
			conn, err := node.Dial(t.Context(), "us", w.Config())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			return conn
		}
		points := manyPoints(c.Point(3))
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
		w := nodetest.NewWorld(t)
		cfg := w.Config()
		cfg.PeerSharing = true
		cfg.Sources = &node.Sources{PeerSharing: friends{netip.MustParseAddrPort("192.0.2.7:3001")}}
		l := w.Net.Listen("us")
		go node.Serve(t.Context(), l, cfg)
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

// A peer that sends keep-alives without end gets ten answers a second, also in one
// conversation after the other, is not cut off, and holds up no other.
func TestKeepAlivesArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(10)
		s := w.Serve("us", c)
		honest := w.Follow(w.FollowConfig("us"))
		honest.Reach(c)
		p := w.DialRaw("us", nodetest.Asking)
		ask := func() time.Duration {
			began := time.Now()
			if err := p.Message(nodetest.KeepAlive, false, keepalive.KeepAlive{Cookie: 1}); err != nil {
				t.Fatal(err)
			}
			if len(p.Await(nodetest.KeepAlive|1<<15)) == 0 {
				t.Fatal("no answer")
			}
			return time.Since(began)
		}
		for i := range 1000 {
			if took := ask(); took != 0 {
				t.Fatalf("answer %d took %v", i, took)
			}
		}
		if err := p.Message(nodetest.KeepAlive, false, keepalive.Done{}); err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			if took := ask(); took != 100*time.Millisecond {
				t.Fatalf("answer %d took %v", 1000+i, took)
			}
		}
		c.Grow(1)
		grown := time.Now()
		honest.Reach(c)
		if took := time.Since(grown); took > 0 {
			t.Errorf("an honest one waits %v", took)
		}
		for i := range 3 {
			time.Sleep(10 * time.Second) // as nodes do
			if took := ask(); took != 0 {
				t.Errorf("after a pause, answer %d took %v", i, took)
			}
		}
		if len(s.Ended()) > 0 {
			t.Error(<-s.Ended())
		}
	})
}

// A peer that asks for ranges that are not there without end gets ten answers a
// second; what is there comes at once.
func TestRefusedRangesArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(10)
		w.Serve("us", c)
		conn, err := node.Dial(t.Context(), "us", w.Config())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		ask := func(p ledger.Point) (took time.Duration, err error) {
			began := time.Now()
			for _, e := range conn.BlockFetch().Range(t.Context(), p, p) {
				err = e
			}
			return time.Since(began), err
		}
		for i := range 110 {
			want := time.Duration(0)
			if i >= 100 {
				want = 100 * time.Millisecond
			}
			took, err := ask(ledger.Point{Slot: 1, Hash: ledger.Hash{1}})
			if took != want || !errors.Is(err, blockfetch.ErrNoBlocks) {
				t.Fatalf("answer %d took %v: %v", i, took, err)
			}
			if took, err := ask(c.Point(3)); took != 0 || err != nil {
				t.Fatalf("a block took %v: %v", took, err)
			}
		}
	})
}
