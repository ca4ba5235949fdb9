package node_test

import (
	"context"
	"errors"
	"iter"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// narrow is a configuration with room for only some blocks.
func narrow() node.Config {
	specs := node.NewSpecs()
	specs.BlockFetch.Ingress = 64 << 10
	return node.Config{Network: nodetest.Network(), Specs: specs}
}

func sources(c *chaintest.Chain) node.Config {
	return node.Config{Network: nodetest.Network(), Sources: c.Sources()}
}

func answering(p chaintest.Peer) node.Config {
	return node.Config{Network: nodetest.Network(), Sources: p.Sources()}
}

// take takes blocks and works on each for a time.
func take(blocks iter.Seq2[ledger.Block, error], work func(n int) time.Duration) (got []ledger.Block, err error) {
	for b, err := range blocks {
		if err != nil {
			return got, err
		}
		got = append(got, b)
		if d := work(len(got)); d > 0 {
			time.Sleep(d)
		}
	}
	return got, nil
}

func checkRange(t *testing.T, got, want []ledger.Block) {
	t.Helper()
	if err := nodetest.Same(got, want); err != nil {
		t.Fatal(err)
	}
}

func never(int) time.Duration { return 0 }

// A range of any length, and a loop body that takes hours: longer than block-fetch
// waits for a block, than keep-alive waits for a ping and than chain-sync waits for
// a request. The same with one request for all of it ends the connection.
func TestBlocksOfSlowLoop(t *testing.T) {
	for name, work := range map[string]func(int) time.Duration{
		"all the time": func(int) time.Duration { return 5 * time.Second },
		"now and then": func(n int) time.Duration {
			if n%1000 == 1 {
				return 2 * time.Hour
			}
			return 0
		},
		"never": never,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := nodetest.NewChain().Grow(6500)
				a, b := nodetest.Pair(t, narrow(), sources(c))
				got, err := take(a.Blocks(t.Context(), c.Point(6450), c.Point(3)), work)
				if err != nil {
					t.Fatal(err, b.Err())
				}
				checkRange(t, got, c.Blocks()[49:6497])
				for _, conn := range []*node.Conn{a, b} {
					if err := conn.Err(); err != nil {
						t.Errorf("the connection ended: %v", err)
					}
				}
				if name == "never" {
					return
				}
				_, err = take(a.BlockFetch().Range(t.Context(), c.Point(6450), c.Point(3)), func(int) time.Duration { return time.Hour })
				if !errors.Is(err, blockfetch.ErrConsumerTooSlow) {
					t.Errorf("one request: %v: the test is too weak", err)
				}
			})
		})
	}
}

// What the loop body has not had, in blocks and headers, stays bounded.
func TestBlocksAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(6500)
		var blocks, headers atomic.Int64
		peer := chaintest.Peer{Chain: c, Hooks: chaintest.Hooks{
			Update: func(_ context.Context, u chainsync.Update) chainsync.Update { headers.Add(1); return u },
			Block:  func(context.Context, ledger.Block) { blocks.Add(1) },
		}}
		a, _ := nodetest.Pair(t, narrow(), answering(peer))
		n := 0
		for b, err := range a.Blocks(t.Context(), c.Point(6450), c.Point(3)) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n%500 == 1 {
				time.Sleep(time.Hour)
				if ahead := int(blocks.Load()) - n; ahead > 32<<10/len(b.Raw)+1 {
					t.Fatalf("%d blocks ahead", ahead)
				}
				if ahead := int(headers.Load()) - n; ahead > 4000+10 || n == 1 && ahead < 3000 {
					t.Fatalf("%d headers ahead", ahead)
				}
			}
		}
	})
}

// The ends of a range: one block, the last and the first of the chain, and those
// that no chain or not this one has.
func TestBlocksEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(50)
		other := c.Fork(20).Grow(30)
		a, _ := nodetest.Pair(t, narrow(), sources(c))
		for _, r := range [][2]int{{0, 0}, {7, 7}, {49, 49}, {49, 0}, {1, 0}, {30, 10}} {
			got, err := take(a.Blocks(t.Context(), c.Point(r[0]), c.Point(r[1])), never)
			if err != nil {
				t.Fatal(r, err)
			}
			checkRange(t, got, c.Blocks()[49-r[0]:50-r[1]])
		}
		for _, test := range []struct {
			from, to ledger.Point
			want     error
		}{
			{ledger.Origin, c.Point(0), blockfetch.ErrInvalidRange},
			{c.Point(5), ledger.Origin, blockfetch.ErrInvalidRange},
			{c.Point(5), c.Point(6), blockfetch.ErrInvalidRange},
			{c.Point(40), other.Point(0), blockfetch.ErrNoBlocks},
			{other.Point(20), c.Point(0), blockfetch.ErrNoBlocks},
			{other.Point(20), other.Point(2), blockfetch.ErrNoBlocks},
			{ledger.Point{Slot: c.Point(9).Slot, Hash: other.Point(0).Hash}, c.Point(9), blockfetch.ErrNoBlocks},
		} {
			got, err := take(a.Blocks(t.Context(), test.from, test.to), never)
			if !errors.Is(err, test.want) || len(got) > 0 || node.Blame(err) {
				t.Errorf("%v to %v: %d blocks, %v", test.from, test.to, len(got), err)
			}
		}
		if err := a.Err(); err != nil {
			t.Error(err)
		}
	})
}

// A loop that is left, or whose context ends, leaves the connection usable: for
// another one, for block-fetch and for chain-sync.
func TestBlocksLeft(t *testing.T) {
	for _, after := range []int{1, 30, 200} {
		synctest.Test(t, func(t *testing.T) {
			c := nodetest.NewChain().Grow(400)
			a, b := nodetest.Pair(t, narrow(), sources(c))
			ctx, cancel := context.WithCancel(t.Context())
			for _, leave := range []func() bool{func() bool { return true }, func() bool { cancel(); return false }} {
				n := 0
				var last error
				for _, err := range a.Blocks(ctx, c.Point(390), c.Point(1)) {
					if last = err; err != nil {
						break
					}
					if n++; n == after && leave() {
						break
					}
				}
				if last != nil && !errors.Is(last, context.Canceled) {
					t.Fatal(last)
				}
				got, err := take(a.Blocks(t.Context(), c.Point(20), c.Point(10)), never)
				if err != nil {
					t.Fatal(err)
				}
				checkRange(t, got, c.Blocks()[379:390])
				got, err = take(a.BlockFetch().Range(t.Context(), c.Point(20), c.Point(10)), never)
				if err != nil {
					t.Fatal(err)
				}
				checkRange(t, got, c.Blocks()[379:390])
				if p, _, err := a.ChainSync().Intersect(t.Context(), c.Point(5)); err != nil || p != c.Point(5) {
					t.Errorf("intersect at %v, %v", p, err)
				}
			}
			if err := errors.Join(a.Err(), b.Err()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A peer that goes to a fork without the end of the range has no such range.
func TestBlocksOfForkThatWasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(6500)
		a, _ := nodetest.Pair(t, narrow(), sources(c))
		from, to := c.Point(6450), c.Point(3)
		got, err := take(a.Blocks(t.Context(), from, to), func(n int) time.Duration {
			if n == 100 {
				c.Switch(25, 27)
			}
			return time.Second
		})
		if !errors.Is(err, blockfetch.ErrNoBlocks) || node.Blame(err) || len(got) < 100 {
			t.Errorf("%d blocks, %v", len(got), err)
		}
		if err := a.Err(); err != nil {
			t.Error(err)
		}
	})
}

// Whose headers do not follow each other is blamed, with nothing of it yielded.
func TestBlocksOfLiar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(100)
		strange := c.Fork(60).Grow(60).Blocks()
		n := 0
		peer := chaintest.Peer{Chain: c, Hooks: chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
			if f, ok := u.(chainsync.RollForward); ok {
				if n++; n == 50 {
					f.Header = strange[70].Header.Raw
				}
				return f
			}
			return u
		}}}
		a, _ := nodetest.Pair(t, narrow(), answering(peer))
		got, err := take(a.Blocks(t.Context(), c.Point(95), c.Point(0)), never)
		var v *protocol.ViolationError
		if !errors.As(err, &v) || v.Protocol != "chain-sync" || v.Message != "MsgRollForward" || len(got) > 50 {
			t.Errorf("%d blocks, %v", len(got), err)
		}
		checkRange(t, got, c.Blocks()[4:4+len(got)])
	})
}

// Whose headers link and never get later is blamed: they could go on for ever.
func TestBlocksGetLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(100)
		cfg := narrow()
		cfg.Network.Eras[ledger.Byron].EpochLength = 1
		prev := c.Point(95)
		var n atomic.Int64 // headers; the peer goes on while the test ends
		epoch := uint64(prev.Slot) + 1
		peer := chaintest.Peer{Chain: c, Hooks: chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
			f, ok := u.(chainsync.RollForward)
			if !ok {
				return u
			}
			// A boundary header in the slot of the one before it.
			b := cbor.AppendUint(cbor.AppendArray(nil, 5), uint64(cfg.Network.Magic))
			b = cbor.AppendBytes(cbor.AppendBytes(b, prev.Hash[:]), make([]byte, 32))
			b = cbor.AppendUint(cbor.AppendArray(b, 2), epoch)
			b = cbor.AppendUint(cbor.AppendArray(b, 1), 4)
			b = cbor.AppendMap(cbor.AppendArray(b, 1), 0)
			f.Header = ledger.RawHeader{Era: ledger.Byron, EBB: true, Bytes: b}
			h, err := cfg.Network.ParseHeader(f.Header)
			if err != nil {
				t.Error(err)
			}
			prev = h.Point()
			n.Add(1)
			return f
		}, Range: func(ctx context.Context, blocks []ledger.Block) []ledger.Block {
			if blocks == nil {
				<-ctx.Done() // that it has no such block does not come before the headers
			}
			return blocks
		}}}
		a, _ := nodetest.Pair(t, cfg, answering(peer))
		got, err := take(a.Blocks(t.Context(), c.Point(95), c.Point(0)), never)
		var v *protocol.ViolationError
		if !errors.As(err, &v) || v.Protocol != "chain-sync" || n.Load() < 2 || len(got) > 1 {
			t.Errorf("%d blocks of %d headers, %v", len(got), n.Load(), err)
		}
	})
}

// Two goroutines of one connection: the second is told so and the first is not
// disturbed, whatever mini-protocol it is. After the first the second may.
func TestConnInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(300)
		sharing := sources(c)
		sharing.PeerSharing, sharing.Sources.PeerSharing = true, idlePeers{}
		asking := narrow()
		asking.PeerSharing = true
		a, _ := nodetest.Pair(t, asking, sharing)

		free, stop := context.WithCancel(t.Context())
		goes := make(chan error, 4)
		go func() { goes <- a.ProvideTxs(free, idleTxs{}) }()
		go func() { _, err := a.PeerSharing().Request(free, 3); goes <- err }()
		synctest.Wait() // until both wait for the peer
		n := 0
		for _, err := range a.Blocks(t.Context(), c.Point(280), c.Point(20)) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n%50 != 1 {
				continue
			}
			got := make(chan error)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			for _, call := range []func() error{
				func() error { return a.ProvideTxs(ctx, idleTxs{}) },
				func() error { _, err := a.PeerSharing().Request(ctx, 3); return err },
				func() error { _, err := take(a.Blocks(ctx, c.Point(20), c.Point(10)), never); return err },
				func() error { _, err := take(a.BlockFetch().Range(ctx, c.Point(20), c.Point(10)), never); return err },
				func() error { return a.BlockFetch().Done(ctx) },
			} {
				go func() { got <- call() }()
				if err := <-got; !errors.Is(err, protocol.ErrInUse) || node.Blame(err) {
					t.Errorf("at block %d: %v", n, err)
				}
			}
			cancel()
		}
		if n != 261 {
			t.Errorf("%d blocks", n)
		}
		if _, err := take(a.Blocks(t.Context(), c.Point(20), c.Point(10)), never); err != nil {
			t.Error(err)
		}
		stop()
		for range 2 {
			if err := <-goes; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		// That of transactions is in its middle, and begins no other.
		if err := a.ProvideTxs(t.Context(), idleTxs{}); !errors.Is(err, context.Canceled) || errors.Is(err, protocol.ErrInUse) {
			t.Errorf("a second conversation of transactions: %v", err)
		}
		if err := a.Err(); err != nil {
			t.Error(err)
		}
	})
}

// Blocks does not disturb a loop over headers that runs.
func TestBlocksBesideUpdates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(100)
		a, _ := nodetest.Pair(t, narrow(), sources(c))
		if _, _, err := a.ChainSync().Intersect(t.Context(), c.Point(50)); err != nil {
			t.Fatal(err)
		}
		n := 0
		for u, err := range a.ChainSync().Updates(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if n == 10 {
				if got, err := take(a.Blocks(t.Context(), c.Point(20), c.Point(10)), never); !errors.Is(err, protocol.ErrInUse) || len(got) > 0 {
					t.Errorf("%d blocks, %v", len(got), err)
				}
			}
			if f, ok := u.(chainsync.RollForward); ok {
				if no, err := f.Header.BlockNo(); err != nil || int(no) != 49+n {
					t.Fatalf("block %d, %v, after %d", no, err, n)
				}
			}
			if n++; n == 51 {
				break
			}
		}
	})
}

// idleTxs has no transactions and waits for some.
type idleTxs struct{}

func (idleTxs) Next(ctx context.Context, _ int, block bool) ([]txsubmission.Announced, error) {
	if block {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return nil, nil
}

func (idleTxs) Get(context.Context, []ledger.TxID) ([]ledger.RawTx, error) { return nil, nil }

// idlePeers never knows of a peer.
type idlePeers struct{}

func (idlePeers) Peers(ctx context.Context, _ int) ([]netip.AddrPort, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}
