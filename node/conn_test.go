package node_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/logtest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
)

func TestConnRoles(t *testing.T) {
	with := node.Config{Network: nodetest.Network(), Sources: nodetest.NewChain().Grow(5).Sources()}
	for _, test := range []struct {
		name                 string
		dialling, accepting  node.Config
		acceptedMayAsk, both bool
	}{
		{"both answer", with, with, true, true},
		{"dialling side only asks", node.Config{Network: nodetest.Network()}, with, false, false},
		{"nobody has sources", node.Config{Network: nodetest.Network()}, node.Config{Network: nodetest.Network()}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := nodetest.Pair(t, test.dialling, test.accepting)
				if !a.MayAsk() || b.MayAsk() != test.acceptedMayAsk || !a.Dialled() || b.Dialled() {
					t.Errorf("MayAsk %t and %t", a.MayAsk(), b.MayAsk())
				}
				if d := a.Agreement().Duplex(); d != test.both || b.Agreement().Duplex() != d {
					t.Errorf("duplex %t", d)
				}
				if _, err := a.PeerSharing().Request(t.Context(), 1); !errors.Is(err, node.ErrNotSharing) || node.Blame(err) {
					t.Errorf("peer-sharing was not agreed on, and asking says %v", err)
				}
				for _, c := range []*node.Conn{a, b} {
					if !c.MayAsk() {
						checkMayNotAsk(t, c)
						continue
					}
					_, tip, err := c.ChainSync().Intersect(t.Context(), ledger.Origin)
					if err != nil {
						t.Error(err)
					}
					answers := test.accepting
					if c == b {
						answers = test.dialling
					}
					if (answers.Sources != nil) != (tip != ledger.Tip{}) {
						t.Errorf("tip %v", tip)
					}
				}
				if a.RTT() < 0 {
					t.Error("negative RTT")
				}
			})
		})
	}
}

// checkMayNotAsk has each way to ask return an error that says it all, and the
// connection go on.
func checkMayNotAsk(t *testing.T, c *node.Conn) {
	t.Helper()
	ctx, p := t.Context(), ledger.Point{Slot: 1}
	last := func(seq func(func(error) bool)) (err error) {
		for err = range seq {
		}
		return err
	}
	for name, ask := range map[string]func() error{ // any order
		"Intersect": func() error { _, _, err := c.ChainSync().Intersect(ctx, ledger.Origin); return err },
		"Updates": func() error {
			return last(func(yield func(error) bool) {
				for _, err := range c.ChainSync().Updates(ctx) {
					yield(err)
				}
			})
		},
		"Stream": func() error {
			return last(func(yield func(error) bool) {
				for _, err := range c.BlockFetch().Stream(ctx, func() ([]blockfetch.Want, bool) { return nil, false }, make(chan struct{})) {
					yield(err)
				}
			})
		},
		"Fetch": func() error {
			return last(func(yield func(error) bool) {
				for _, err := range c.BlockFetch().Fetch(ctx, []blockfetch.Want{{Point: p}}) {
					yield(err)
				}
			})
		},
		"Range": func() error {
			return last(func(yield func(error) bool) {
				for _, err := range c.BlockFetch().Range(ctx, p, p) {
					yield(err)
				}
			})
		},
		"Blocks": func() error {
			return last(func(yield func(error) bool) {
				for _, err := range c.Blocks(ctx, p, p) {
					yield(err)
				}
			})
		},
		"chain-sync Done":  func() error { return c.ChainSync().Done(ctx) },
		"block-fetch Done": func() error { return c.BlockFetch().Done(ctx) },
		"Request":          func() error { _, err := c.PeerSharing().Request(ctx, 1); return err },
		"ProvideTxs":       func() error { return c.ProvideTxs(ctx, nil) },
	} {
		var peer *node.PeerError
		if err := ask(); !errors.Is(err, node.ErrMayNotAsk) || !errors.As(err, &peer) || peer.Peer != c.Peer() || node.Blame(err) {
			t.Errorf("%s says %v", name, err)
		}
	}
	if err := c.Err(); err != nil {
		t.Errorf("the connection ended: %v", err)
	}
}

// A mini-protocol can be ended and started again on the same connection.
func TestConnHotWarmHot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(50)
		a, _ := nodetest.Pair(t, node.Config{Network: nodetest.Network()}, node.Config{Network: nodetest.Network(), Sources: c.Sources()})
		for round := range 5 {
			cs := a.ChainSync()
			if _, _, err := cs.Intersect(t.Context(), c.Point(20)); err != nil {
				t.Fatal(round, err)
			}
			n := 0
			for u, err := range cs.Updates(t.Context()) {
				if err != nil {
					t.Fatal(round, err)
				}
				if back, ok := u.(chainsync.RollBackward); ok && back.Point != c.Point(20) {
					t.Errorf("round %d begins at %v", round, back.Point)
				}
				if n++; n == 10 {
					break
				}
			}
			if err := cs.Done(t.Context()); err != nil {
				t.Fatal(round, err)
			}
			bf := a.BlockFetch()
			n = 0
			for _, err := range bf.Range(t.Context(), c.Point(20), c.Point(10)) {
				if n++; err != nil {
					t.Fatal(round, err)
				}
			}
			if n != 11 {
				t.Errorf("%d blocks", n)
			}
			if err := bf.Done(t.Context()); err != nil {
				t.Fatal(round, err)
			}
			time.Sleep(time.Minute) // warm: keep-alives only
		}
	})
}

// A connection that nobody uses is closed after five seconds, without blame.
func TestConnIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := nodetest.NewWorld(t)
		s := w.Serve("us", nodetest.NewChain())
		p := w.DialRaw("us", nodetest.Asking)
		go p.Drain()
		began := time.Now()
		err := <-s.Ended()
		if d := time.Since(began); d != 5*time.Second || !errors.Is(err, mux.ErrIdle) || node.Blame(err) {
			t.Errorf("after %v: %v", d, err)
		}
		// One that we dialled keeps itself alive.
		c, err := node.Dial(t.Context(), "us", w.Config())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		if err := c.Err(); err != nil {
			t.Error(err)
		}
		c.Close()
	})
}

// A refusal reaches the peer, on either side.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := nodetest.NewWorld(t)
		w.Serve("us", nodetest.NewChain())
		other := w.Config()
		other.Network.Magic++
		_, err := node.Dial(t.Context(), "us", other)
		var refused *handshake.RefusedError
		var peer *node.PeerError
		if !errors.As(err, &refused) || refused.ByUs || !node.Permanent(err) || node.Blame(err) || !errors.As(err, &peer) {
			t.Errorf("got %v", err)
		}
	})
}

func TestQueryVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := nodetest.NewWorld(t)
		cfg := w.Config()
		log, logs := logtest.New(slog.LevelDebug)
		cfg.Logger = log
		nodetest.Serve(t, w.Net.Listen("us"), cfg)
		table, err := node.QueryVersions(t.Context(), "us", w.Config())
		if err != nil || table.String() != "14, 15" {
			t.Errorf("%v, %v", table, err)
		}
		if _, err := node.QueryVersions(t.Context(), "nobody", w.Config()); err == nil {
			t.Error("nobody answered")
		}
		synctest.Wait()
		if len(logs.Of("handshake")) != 1 {
			t.Error("the connection is kept although the peer has hung up")
		}
	})
}

// Who asks for versions and does not hang up is closed after 20 s.
func TestQueryStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := nodetest.NewWorld(t)
		w.Serve("us", nodetest.NewChain())
		p := w.DialRaw("us", handshake.Data{Query: true})
		began := time.Now()
		p.Drain()
		if d := time.Since(began); d != 20*time.Second {
			t.Errorf("closed after %v", d)
		}
	})
}

func TestSimultaneousOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left, right := net.Pipe()
		c := nodetest.NewChain().Grow(9)
		cfg := node.Config{Network: nodetest.Network(), Sources: c.Sources()}
		conns := make(chan *node.Conn, 2)
		for _, end := range []net.Conn{left, right} {
			go func() {
				conn, err := node.Handshake(t.Context(), end, protocol.Initiator, cfg)
				if err != nil {
					t.Error(err)
				}
				conns <- conn
			}()
		}
		for range 2 {
			conn := <-conns
			if conn == nil {
				t.FailNow()
			}
			defer conn.Close()
			if _, tip, err := conn.ChainSync().Intersect(t.Context(), c.Point(0)); err != nil || tip != c.Tip() {
				t.Errorf("%v, %v", tip, err)
			}
		}
	})
}

func TestHandshakeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := nodetest.NewWorld(t)
		nodetest.Silent{Listener: w.Net.Listen("silent")}.Hold(t)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err := node.Dial(ctx, "silent", w.Config())
		if d := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || d > 5*time.Second {
			t.Errorf("after %v: %v", d, err)
		}
	})
}

func TestConfigWithoutNetwork(t *testing.T) {
	left, right := net.Pipe()
	defer right.Close()
	if _, err := node.Handshake(t.Context(), left, protocol.Initiator, node.Config{}); err == nil {
		t.Error("no error")
	}
	if _, err := left.Write([]byte{0}); err == nil {
		t.Error("the bearer is not closed")
	}
	var n testnode.Net
	l := n.Listen("us")
	if err := node.Serve(t.Context(), l, node.Config{}); err == nil {
		t.Error("no error")
	}
	if _, err := l.Accept(); err == nil {
		t.Error("the listener is not closed")
	}
}
