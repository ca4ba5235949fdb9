package follow_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/protocol"
)

// ahead has a chain enter an unknown era with a block number.
func ahead(c *chaintest.Chain, from ledger.BlockNo) chaintest.Peer {
	return chaintest.Peer{Chain: c, Hooks: chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
		if f, ok := u.(chainsync.RollForward); ok {
			if no, err := f.Header.BlockNo(); err != nil || no >= from {
				f.Header.Era = nodetest.UnknownEra
			}
			return f
		}
		return u
	}}}
}

// slowly verifies nothing, and takes its time.
type slowly time.Duration

func (d slowly) Verify(ctx context.Context, headers []ledger.Header) (int, error) {
	time.Sleep(time.Duration(d))
	return len(headers), nil
}

// stopped takes events until the error that ends the loop.
func stopped(f *nodetest.Following, pause time.Duration) error {
	for {
		ev, err, _ := f.Next()
		if err != nil {
			return err
		}
		if forward, ok := ev.(follow.RollForward); ok {
			f.Blocks = append(f.Blocks, forward.Block)
			time.Sleep(pause)
		}
	}
}

func checkUnknownEra(t *testing.T, err error) {
	t.Helper()
	var unknown *ledger.UnknownEraError
	var unsupported *protocol.UnsupportedError
	if !errors.As(err, &unknown) || *unknown != (ledger.UnknownEraError{What: "header", Era: nodetest.UnknownEra}) ||
		!errors.As(err, &unsupported) || unsupported.Protocol != "chain-sync" || unsupported.Message != "MsgRollForward" {
		t.Errorf("ended with %v", err)
		return
	}
	if node.Blame(err) || !node.Permanent(err) {
		t.Errorf("blame %t, permanent %t: %v", node.Blame(err), node.Permanent(err), err)
	}
	if !strings.Contains(err.Error(), "era 8") || !strings.Contains(err.Error(), "a newer version is needed") {
		t.Error(err)
	}
}

// When all peers are in an era that is not known, following ends with what is
// needed, after the blocks that came before.
func TestFollowUnknownEra(t *testing.T) {
	for _, peers := range [][]string{{"a"}, {"a", "b", "c"}} {
		for _, pause := range []time.Duration{0, time.Minute} {
			for _, verifier := range []follow.Verifier{nil, slowly(0), slowly(time.Second)} {
				synctest.Test(t, func(t *testing.T) {
					w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(700)
					for _, p := range peers {
						w.ServePeer(p, ahead(c.Fork(0), 500))
					}
					cfg := w.FollowConfig(peers...)
					cfg.Verifier = verifier
					f := w.Follow(cfg)
					err := stopped(f, pause)
					checkUnknownEra(t, err)
					var all *follow.UnfollowableError
					if !errors.As(err, &all) || len(all.Peers) != len(peers) || all.Peers[0].Peer[:1] != "a" {
						t.Errorf("ended with %v", err)
					}
					if len(f.Blocks) != 500 {
						t.Errorf("%d blocks, want 500", len(f.Blocks))
					}
				})
			}
		}
	}
}

// The block number of a header is not known after a rollback. What comes before an
// unknown era is yielded all the same.
func TestFollowUnknownEraAfterRollback(t *testing.T) {
	for _, verifier := range []follow.Verifier{nil, slowly(time.Second)} {
		synctest.Test(t, func(t *testing.T) {
			w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(120)
			to := c.Point(30) // of 90 blocks
			w.ServePeer("a", chaintest.Peer{Chain: c, Hooks: chaintest.Hooks{
				Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
					f, ok := u.(chainsync.RollForward)
					if !ok {
						return u
					}
					switch no, err := f.Header.BlockNo(); {
					case err != nil || no > 100:
						f.Header.Era = nodetest.UnknownEra
					case no == 100:
						return chainsync.RollBackward{Point: to, Tip: c.Tip()}
					}
					return f
				},
				Block: func(ctx context.Context, _ ledger.Block) {
					select {
					case <-time.After(time.Second):
					case <-ctx.Done():
					}
				},
			}})
			cfg := w.FollowConfig("a")
			cfg.Verifier = verifier
			f := w.Follow(cfg)
			checkUnknownEra(t, stopped(f, 0))
			if len(f.Blocks) != 90 || f.Tip() != to {
				t.Errorf("%d blocks, want 90", len(f.Blocks))
			}
		})
	}
}

// While the blocks before an unknown era are still to come, a peer's status says
// that its chain is followed no further.
func TestFollowUnknownEraStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(20)
		w.ServePeer("a", ahead(c, 10))
		cfg := w.FollowConfig("a")
		cfg.Verifier = slowly(time.Minute)
		f := w.Follow(cfg)
		f.Step()
		time.Sleep(10 * time.Second)
		if p := f.Peers()[0]; !p.Connected {
			t.Errorf("the connection ended: %v", p.Err)
		} else {
			checkUnknownEra(t, p.Stopped)
		}
		checkUnknownEra(t, stopped(f, 0))
	})
}

// Where the chain that is known is one that a peer has left, nothing waits.
func TestFollowUnknownEraAtOnce(t *testing.T) {
	for name, points := range map[string]func(c *chaintest.Chain) []ledger.Point{
		"start": func(c *chaintest.Chain) []ledger.Point { return nil },
		"end":   func(c *chaintest.Chain) []ledger.Point { return []ledger.Point{c.Point(0)} },
		"fork": func(c *chaintest.Chain) []ledger.Point {
			return []ledger.Point{c.Fork(20).Grow(10).Point(0), c.Point(25)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(100)
				at := points(c)
				from := ledger.BlockNo(0)
				if at != nil {
					from = 100
				}
				c.Grow(5)
				w.ServePeer("a", ahead(c, from))
				began := time.Now()
				f := w.Follow(w.FollowConfig("a"), at...)
				checkUnknownEra(t, stopped(f, 0))
				if d := time.Since(began); d > time.Minute {
					t.Errorf("took %v", d)
				}
			})
		})
	}
}

// A block of an era that nobody here knows is a lie if its header was of one that is
// known: the peer is to blame, and following goes on.
func TestFollowBlockOfUnknownEra(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(50)
		s := w.ServePeer("a", chaintest.Peer{Chain: c.Fork(0), Hooks: chaintest.Hooks{Range: func(_ context.Context, blocks []ledger.Block) []ledger.Block {
			for i := range blocks {
				blocks[i].Raw = slices.Concat([]byte{0x82, byte(nodetest.UnknownEra.BlockTag())}, blocks[i].Raw[2:])
			}
			return blocks
		}}})
		cfg := w.FollowConfig("a")
		lost := make(chan error, 100)
		cfg.Observer.Lost = func(_ string, err error, _ time.Duration) { lost <- err }
		time.AfterFunc(time.Minute, func() {
			s.Close()
			w.Serve("a", c)
		})
		w.Follow(cfg).Reach(c)
		err := <-lost
		if !errors.Is(err, blockfetch.ErrWrongBlock) || !node.Blame(err) || node.Permanent(err) {
			t.Errorf("blame %t, permanent %t: %v", node.Blame(err), node.Permanent(err), err)
		}
	})
}

// An honest peer is followed beside one that is ahead of us, which is tried
// again, but seldom.
func TestFollowBesideUnknownEra(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(200)
		w.ServePeer("ahead", ahead(c.Fork(20).Grow(30), 180))
		w.Serve("honest", c)
		cfg := w.FollowConfig("ahead", "honest")
		var lost atomic.Int64
		cfg.Observer.Lost = func(address string, err error, _ time.Duration) {
			lost.Add(1)
			if address != "ahead" {
				t.Errorf("lost %s: %v", address, err)
			}
			checkUnknownEra(t, err)
		}
		f := w.Follow(cfg)
		f.Reach(c)
		for range 6 {
			time.Sleep(10 * time.Minute)
			c.Grow(1)
			f.Reach(c)
		}
		if n := lost.Load(); n < 30 || n > 70 {
			t.Errorf("%d times lost in an hour", n)
		}
		if err := f.Status().Stuck; err != nil {
			t.Error(err)
		}
	})
}

// Each peer fails for a reason of its own, and none will change. One that may
// change keeps the run going.
func TestFollowPermanent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(100)
		w.ServePeer("ahead", ahead(c, 50))
		foreign := w.Config()
		foreign.Network.Magic++
		foreign.Sources = nodetest.NewChain().Sources()
		nodetest.Serve(t, w.Net.Listen("foreign"), foreign)
		f := w.Follow(w.FollowConfig("ahead", "foreign"))
		err := stopped(f, 0)
		if !errors.As(err, new(*ledger.UnknownEraError)) || !errors.As(err, new(*handshake.RefusedError)) || !node.Permanent(err) {
			t.Errorf("ended with %v", err)
		}
		if len(f.Blocks) != 50 {
			t.Errorf("%d blocks", len(f.Blocks))
		}

		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Hour, errors.New("enough"))
		defer cancel()
		var last error
		for _, err := range follow.Follow(ctx, w.FollowConfig("ahead", "foreign", "away")) {
			last = err
		}
		if last == nil || last.Error() != "enough" {
			t.Errorf("with a peer that is away it ended with %v", last)
		}
	})
}

// With Persist, the run waits until a peer can be followed again.
func TestFollowPersists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(200)
		s := w.ServePeer("a", ahead(c.Fork(0), 150))
		foreign := w.Config()
		foreign.Network.Magic++
		nodetest.Serve(t, w.Net.Listen("b"), foreign)
		cfg := w.FollowConfig("a", "b")
		cfg.Persist = true
		f := w.Follow(cfg)
		f.Reach(c.Fork(50))
		for range 100 { // whatever it is doing just then
			time.Sleep(time.Minute + time.Second)
			if err := f.Status().Stuck; !errors.As(err, new(*ledger.UnknownEraError)) || !errors.As(err, new(*handshake.RefusedError)) {
				t.Fatalf("stuck because of %v", err)
			}
		}
		s.Close()
		w.Serve("a", c) // as the newer version of us sees it
		f.Reach(c)
		if err := f.Status().Stuck; err != nil {
			t.Error(err)
		}
	})
}
