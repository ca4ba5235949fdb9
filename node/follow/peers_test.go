package follow_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// The longest chain wins, wherever its peer stands among the others.
func TestFollowLongestOfSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(200)
		short, long := c.Fork(10).Grow(5), c.Fork(5).Grow(20)
		w.Serve("short", short)
		w.Serve("c", c)
		w.Serve("long", long)
		f := w.Follow(w.FollowConfig("short", "c", "long"))
		f.Reach(long)
		short.Grow(40)
		f.Reach(short)
		c.Become(short)
		c.Switch(20, 40)
		f.Reach(c)
	})
}

// A peer that sends a block a second does not hold up the others for long.
func TestFollowSlowPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, slow := nodetest.NewWorld(t), nodetest.NewChain().Grow(600)
		c := slow.Fork(0)
		peer := chaintest.Peer{Chain: slow, Hooks: chaintest.Hooks{Block: func(ctx context.Context, _ ledger.Block) {
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}}}
		w.ServePeer("slow", peer)
		began := time.Now()
		f := w.Follow(w.FollowConfig("slow", "fast"))
		f.Start()
		time.Sleep(5 * time.Second)
		w.Serve("fast", c)
		f.Reach(c)
		// What the slow one was asked for first may still be waited for.
		if d := time.Since(began); d > 6*time.Minute {
			t.Errorf("took %v, alone the slow peer needs 10 min", d)
		}
	})
}

// Peers grow, switch forks, die and come back at random. What is followed is
// always a chain, and in the end the longest.
func TestFollowStories(t *testing.T) {
	for seed := range uint64(25) {
		synctest.Test(t, func(t *testing.T) { t.Log("seed", seed); story(t, seed) })
	}
}

func story(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	w := nodetest.NewWorld(t)
	trunk := nodetest.NewChain().Grow(1 + r.IntN(100))
	var peers []*chaintest.Chain
	var names []string
	for i := range 3 {
		name := fmt.Sprint("peer-", i)
		c := trunk.Fork(r.IntN(min(len(trunk.Blocks()), nodetest.K/4))).Grow(r.IntN(5))
		peer := chaintest.Peer{Chain: c, Hooks: chaintest.Hooks{Block: func(ctx context.Context, b ledger.Block) {
			if d := (uint64(b.Header.BlockNo) + uint64(i)) % 7; d == 0 {
				select {
				case <-time.After(time.Duration(i) * 50 * time.Millisecond):
				case <-ctx.Done():
				}
			}
		}}}
		w.ServePeer(name, peer)
		peers, names = append(peers, c), append(names, name)
	}
	cfg := w.FollowConfig(names...)
	cfg.Chain.MaxBytes = 20_000 + r.IntN(100_000)
	f := w.Follow(cfg)
	f.Start()
	best := func() *chaintest.Chain {
		best := peers[0]
		for _, c := range peers[1:] {
			if c.Tip().BlockNo > best.Tip().BlockNo {
				best = c
			}
		}
		return best
	}
	apart := nodetest.K // no two chains are more apart than this
	for range 100 {
		i := r.IntN(3)
		switch r.IntN(8) {
		case 0, 1:
			n := 1 + r.IntN(8)
			apart += n
			peers[i].Grow(n)
		case 2:
			n := r.IntN(min(len(peers[i].Blocks()), nodetest.K/3))
			apart += n + 3
			peers[i].Switch(n, n+r.IntN(3))
		case 3:
			peers[i].Become(peers[r.IntN(3)])
		case 4:
			w.Servers[names[i]].Drop()
		case 5:
			w.Servers[names[i]].Close()
			w.Serve(names[i], peers[i])
		default:
			time.Sleep(time.Duration(r.IntN(20)) * time.Second)
		}
		if apart > nodetest.K/2 {
			apart = 0
			b := best()
			b.Grow(nodetest.K) // longer than what its peers left and we did not
			for _, c := range peers {
				c.Become(b)
			}
			for f.Tip() != b.Tip().Point {
				f.Step()
			}
		}
	}
	b := best()
	b.Grow(nodetest.K)
	f.Reach(b)
	for _, c := range peers {
		c.Become(b)
	}
	time.Sleep(10 * time.Second)
	for _, p := range f.Peers() {
		if p.Err != nil && p.Connected {
			t.Errorf("%s: %v", p.Address, p.Err)
		}
	}
	f.Stop()
	checkHeld(t, f)
}

// checkHeld checks that no more bodies are kept than those of the last nodetest.K blocks
// and of nodetest.K that were left.
func checkHeld(t *testing.T, f *nodetest.Following) {
	t.Helper()
	if n := f.Held(); n > 2*nodetest.K {
		t.Errorf("%d bodies are kept", n)
	}
}

// A range that is asked for in parts, and of which a later part is refused, is
// nobody's fault: the peer's chain may have changed in between.
func TestFollowRefusedPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := nodetest.NewWorld(t)
		c := chaintest.New(chaintest.Config{Network: nodetest.Network(), Eras: []chaintest.Stretch{{Era: ledger.Byron, Blocks: 1 << 30}}}).Grow(3000)
		var refused, requests atomic.Int64
		peer := chaintest.Peer{Chain: c, Hooks: chaintest.Hooks{Range: func(_ context.Context, blocks []ledger.Block) []ledger.Block {
			if requests.Add(1)%4 == 3 && refused.Add(1) < 4 {
				return nil
			}
			return blocks
		}}}
		w.ServePeer("a", peer)
		cfg := w.FollowConfig("a")
		// Byron headers do not tell the size of a block. Room for few of the
		// size that is assumed makes several requests of one range.
		cfg.Specs = node.NewSpecs()
		cfg.Specs.BlockFetch.Ingress = 1 << 20
		cfg.Chain.MaxRanges = 1
		errs := watch(&cfg, "a")
		f := w.Follow(cfg)
		f.Reach(c)
		f.Stop()
		if len(*errs) > 0 || refused.Load() < 4 {
			t.Errorf("%d parts refused, %v", refused.Load(), *errs)
		}
	})
}
