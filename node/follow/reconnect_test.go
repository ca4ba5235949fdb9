package follow_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// The peer dies after so many headers or blocks, again and again: nothing is
// lost and nothing comes twice.
func TestFollowReconnects(t *testing.T) {
	for _, every := range []int64{1, 7, 150, 333} {
		synctest.Test(t, func(t *testing.T) {
			w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(900)
			var s *nodetest.Server
			var headers, blocks, deaths atomic.Int64 // hooks run side by side
			die := func() {
				if deaths.Add(1) < 20 {
					s.Drop()
				}
			}
			peer := chaintest.Peer{Chain: c, Hooks: chaintest.Hooks{
				Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
					if headers.Add(1)%(2*every+300) == 0 {
						die()
					}
					return u
				},
				Block: func(context.Context, ledger.Block) {
					if blocks.Add(1)%(every+40) == 0 {
						die()
					}
				},
			}}
			s = w.ServePeer("a", peer)
			f := w.Follow(w.FollowConfig("a"))
			f.Reach(c)
			if f.Backs > 0 {
				t.Errorf("%d rollbacks", f.Backs)
			}
			if deaths.Load() < 3 {
				t.Error("the peer did not die: test is too weak")
			}
		})
	}
}

// The peer is away for a while and comes back with another chain.
func TestFollowPeerReturnsOnFork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(100)
		s := w.Serve("a", c)
		f := w.Follow(w.FollowConfig("a"))
		f.Reach(c)
		s.Close()
		time.Sleep(10 * time.Minute)
		if st := f.Peers()[0]; st.Connected || st.Attempts < 5 || st.Err == nil {
			t.Errorf("status %+v", st)
		}
		dialled := w.Net.Dialled()
		c2 := c.Fork(20).Grow(25)
		w.Serve("a", c2)
		before := time.Now()
		f.Reach(c2)
		if d := time.Since(before); d > 70*time.Second {
			t.Errorf("took %v to find out", d)
		}
		if dialled > 25 {
			t.Errorf("dialled %d times in 10 minutes", dialled)
		}
		if f.Backs != 1 {
			t.Errorf("%d rollbacks", f.Backs)
		}
	})
}

// Breaking out of the loop ends everything, also in the middle.
func TestFollowBreak(t *testing.T) {
	for _, events := range []int{1, 2, 100, 500} {
		synctest.Test(t, func(t *testing.T) {
			w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(500)
			w.Serve("a", c)
			w.Serve("b", c.Fork(0))
			n := 0
			for _, err := range follow.Follow(t.Context(), w.FollowConfig("a", "b", "nobody")) {
				if err != nil {
					t.Fatal(err)
				}
				if n++; n == events {
					break
				}
			}
			began := time.Now()
			synctest.Wait()
			if d := time.Since(began); d > 0 {
				t.Errorf("something went on for %v", d)
			}
		})
	}
}

// Cancelling ends Follow soon, with the context's reason, even if peers do not
// read, the handshake hangs, and many events wait.
func TestFollowCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(800)
		deaf := nodetest.NewChain().Grow(800)
		peer := chaintest.Peer{Chain: deaf, Hooks: chaintest.Hooks{Block: func(ctx context.Context, _ ledger.Block) { <-ctx.Done() }}}
		w.Serve("a", c)
		w.ServePeer("deaf", peer)
		nodetest.Silent{Listener: w.Net.Listen("silent")}.Hold(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		reason := errors.New("enough")
		events, after := 0, 0
		var began time.Time
		var last error
		for ev, err := range follow.Follow(ctx, w.FollowConfig("a", "deaf", "silent")) {
			if last = err; err != nil {
				break
			}
			if ev == nil {
				t.Fatal("no event")
			}
			if !began.IsZero() {
				after++
			}
			if events++; events == 50 {
				time.Sleep(time.Minute) // so that a lot waits
				cancel(reason)
				began = time.Now()
			}
		}
		if !errors.Is(last, reason) {
			t.Errorf("ended with %v", last)
		}
		if d := time.Since(began); d > 2*time.Second {
			t.Errorf("took %v", d)
		}
		if after > 0 {
			t.Errorf("%d events after the end", after)
		}
	})
}

// A slow consumer is nobody's fault: memory stays bounded, keep-alives go on.
func TestFollowSlowConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(600)
		var served atomic.Int64
		peer := chaintest.Peer{Chain: c, Hooks: chaintest.Hooks{Block: func(_ context.Context, b ledger.Block) { served.Add(int64(len(b.Raw))) }}}
		s := w.ServePeer("a", peer)
		cfg := w.FollowConfig("a")
		cfg.Chain.MaxBytes = 60_000
		var pings atomic.Int64
		cfg.Observer.RoundTrip = func(*node.Conn, time.Duration) { pings.Add(1) }
		f := w.Follow(cfg)
		taken := 0
		for range 40 {
			f.Step()
			if n := len(f.Blocks); n > 0 {
				taken += len(f.Blocks[n-1].Raw)
			}
			time.Sleep(3 * time.Minute)
			c.Grow(1)
			// A range may begin when there is room for one block of it.
			if ahead := int(served.Load()) - taken; ahead > 2*cfg.Chain.MaxBytes {
				t.Fatalf("%d bytes ahead", ahead)
			}
		}
		if pings.Load() < 500 {
			t.Errorf("only %d keep-alives in two hours", pings.Load())
		}
		select {
		case err := <-s.Ended():
			t.Errorf("connection ended: %v; here: %+v", err, f.Peers()[0])
		default:
		}
		f.Reach(c)
	})
}

func TestFollowConfig(t *testing.T) {
	for _, test := range []struct {
		name string
		cfg  follow.Config
	}{
		{"no network", follow.Config{Peers: []string{"a"}}},
		{"no peers", follow.Config{Config: node.Config{Network: nodetest.Network()}}},
	} {
		n := 0
		for ev, err := range follow.Follow(t.Context(), test.cfg) {
			if n++; err == nil || ev != nil {
				t.Errorf("%s: %v, %v", test.name, ev, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d values", test.name, n)
		}
	}
}
