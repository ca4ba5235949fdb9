package follow_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/vnet"
)

// Peers that break no rule and hold bodies back, or send them drop by drop: near
// ones, so that what they announce comes first.

// slowSource waits before each block.
type slowSource struct {
	blockfetch.Source
	wait func(b ledger.RawBlock) time.Duration
}

func (s slowSource) Range(ctx context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	blocks, err := s.Source.Range(ctx, from, to)
	if blocks == nil || err != nil {
		return nil, err
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		for b, err := range blocks {
			select {
			case <-time.After(s.wait(b)):
			case <-ctx.Done():
				yield(nil, context.Cause(ctx))
				return
			}
			if !yield(b, err) {
				return
			}
		}
	}, nil
}

// city is a network on which time counts.
type city struct {
	t     *testing.T
	net   *vnet.Network
	peers []string
	seed  uint64 // decides whom we ask first of peers that are equally good
	far   time.Duration

	near []*nodetest.Server
}

const (
	nearLatency = time.Millisecond
	farLatency  = 25 * time.Millisecond
)

func newCity(t *testing.T) *city {
	link := func(l time.Duration) vnet.Path {
		link := vnet.Link{Latency: l, Bandwidth: 5_000_000}
		return vnet.Path{Out: link, Back: link}
	}
	c := &city{t: t, seed: 1, far: farLatency}
	c.net = vnet.New(vnet.Config{Plan: func(_ *rand.Rand, _, to string) vnet.Path {
		if strings.HasPrefix(to, "near") {
			return link(nearLatency)
		}
		return link(c.far)
	}})
	t.Cleanup(func() { c.net.Close() })
	return c
}

// serve adds a peer; one with wait takes that long for each block.
func (c *city) serve(name string, chain *chaintest.Chain, wait func(ledger.RawBlock) time.Duration) {
	c.t.Helper()
	l, err := c.net.Host(name).Listen(3001)
	if err != nil {
		c.t.Fatal(err)
	}
	cfg := node.Config{Network: nodetest.Network(), Sources: chain.Sources()}
	if wait != nil {
		cfg.Sources.BlockFetch = slowSource{cfg.Sources.BlockFetch, wait}
	}
	s := nodetest.Serve(c.t, l, cfg)
	if strings.HasPrefix(name, "near") {
		c.near = append(c.near, s)
	}
	c.peers = append(c.peers, name+":3001")
}

// follow returns the blocks that come, each once; it may be called once.
func (c *city) follow() <-chan ledger.Tip {
	ctx, cancel := context.WithCancel(c.t.Context())
	blocks := make(chan ledger.Tip)
	cfg := follow.Config{Config: node.Config{Network: nodetest.Network(), Dial: c.net.Host("us").Dial, Seed: c.seed}, Peers: c.peers}
	done := make(chan struct{})
	go func() {
		defer close(done)
		seen := make(map[ledger.Point]bool)
		for ev, err := range follow.Follow(ctx, cfg) {
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				c.t.Error(err)
				return
			}
			f, ok := ev.(follow.RollForward)
			if !ok {
				continue
			}
			if p := f.Block.Header.Point(); seen[p] {
				c.t.Errorf("%v came twice", p)
			} else {
				seen[p] = true
			}
			select {
			case blocks <- f.Block.Header.Tip():
			case <-ctx.Done():
			}
		}
	}()
	c.t.Cleanup(func() { cancel(); <-done })
	return blocks
}

// until waits for a block and returns how long it took.
func until(blocks <-chan ledger.Tip, last ledger.Tip) time.Duration {
	start := time.Now()
	for <-blocks != last {
	}
	return time.Since(start)
}

func cityChain(size int) *chaintest.Chain {
	return chaintest.New(chaintest.Config{Seed: 1, BlockSize: size, Network: nodetest.Network()})
}

// A near peer holds back the body of each new block, and ten others do not. That it
// connects again each time makes no difference.
func TestTipBesideHoarder(t *testing.T) {
	if testing.Short() {
		t.Skip("many nodes, for minutes of virtual time")
	}
	for _, size := range []int{1200, 80_000} {
		for name, hold := range map[string]time.Duration{"nine seconds": 9 * time.Second, "for ever": time.Hour} { // any order
			for _, near := range []int{1, 3} {
				for _, again := range []bool{false, true} {
					t.Run(fmt.Sprintf("%d %s by %d, again %t", size, name, near, again), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) { besideHoarders(t, size, near, hold, again) })
					})
				}
			}
		}
	}
}

func besideHoarders(t *testing.T, size, near int, hold time.Duration, again bool) {
	alone := tipTimes(t, size, 0, 0, false)
	beside := tipTimes(t, size, near, hold, again)
	worst, sum := time.Duration(0), time.Duration(0)
	for i := range beside {
		late := beside[i] - alone[i]
		if i == 0 {
			t.Logf("the first is %v late", late)
		}
		if late > 600*time.Millisecond {
			t.Errorf("block %d is %v late", i+1, late)
		}
		if i >= 2 {
			worst = max(worst, late)
			sum += late
		}
	}
	t.Logf("from the third on at most %v late, %v in all", worst, sum)
	if worst > 250*time.Millisecond {
		t.Errorf("from the third on, up to %v late", worst)
	}
	// One that is known is not asked first again, whether it has connected again or not.
	if size > 50_000 && near == 1 && sum > 250*time.Millisecond {
		t.Errorf("%v late in all", sum)
	}
}

// tipTimes returns how long each of some new blocks takes to come from ten far
// peers, beside near ones that hold bodies back, and that end their connections after
// each block if they are to connect again.
func tipTimes(t *testing.T, size, near int, hold time.Duration, again bool) (took []time.Duration) {
	c, chain := newCity(t), cityChain(size).Grow(200)
	var tip atomic.Bool
	for i := range near {
		c.serve(fmt.Sprint("near", i), chain, func(ledger.RawBlock) time.Duration {
			if tip.Load() {
				return hold
			}
			return 0
		})
	}
	for i := range 10 {
		c.serve(fmt.Sprint("far", i), chain, nil)
	}
	blocks := c.follow()
	until(blocks, chain.Tip())
	time.Sleep(time.Minute)
	tip.Store(true)
	for range 12 {
		took = append(took, until(blocks, chain.Grow(1).Tip()))
		for _, s := range c.near {
			if again {
				s.Drop()
			}
		}
		time.Sleep(20 * time.Second)
	}
	return took
}

// Near peers send bodies drop by drop: from the start, after some blocks, now and
// then, or those of a longer chain.
func TestSyncBesideDrippers(t *testing.T) {
	if testing.Short() {
		t.Skip("many syncs of thousands of blocks")
	}
	const blocks, size = 5400, 1500 // one takes less than StallTimeout
	drip := func(b ledger.RawBlock) time.Duration { return time.Duration(len(b)) * time.Second / 200 }
	from := func(first int64) func() func(ledger.RawBlock) time.Duration {
		return func() func(ledger.RawBlock) time.Duration {
			var sent atomic.Int64
			return func(b ledger.RawBlock) time.Duration {
				if sent.Add(1) <= first {
					return 0
				}
				return drip(b)
			}
		}
	}
	every := func(n int64) func() func(ledger.RawBlock) time.Duration {
		return func() func(ledger.RawBlock) time.Duration {
			var sent atomic.Int64
			return func(b ledger.RawBlock) time.Duration {
				if sent.Add(1)%n > 0 {
					return 0
				}
				return 5 * time.Second
			}
		}
	}
	for _, test := range []struct {
		name string
		near int
		fork int // how much longer the near ones' chain is, 0 for the same chain
		wait func() func(ledger.RawBlock) time.Duration
	}{
		{"at once", 1, 0, from(0)},
		{"after 300 blocks", 1, 0, from(300)},
		{"after 1500 blocks", 1, 0, from(1500)},
		{"each 200th block", 1, 0, every(200)},
		{"at once, four", 4, 0, from(0)},
		{"after 300 blocks, four", 4, 0, from(300)},
		{"after 1500 blocks, four", 4, 0, from(1500)},
		{"each 200th block, four", 4, 0, every(200)},
		{"a longer chain", 1, 20, from(0)},
		{"a longer chain, four", 4, 20, from(0)},
		{"a longer chain, from where it leaves", 1, 20, from(4900)},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sync := func(near int) time.Duration {
					c, chain := newCity(t), cityChain(size).Grow(blocks)
					for i := range near {
						theirs := chain
						if test.fork > 0 {
							theirs = chain.Fork(500).Grow(500 + test.fork)
						}
						c.serve(fmt.Sprint("near", i), theirs, test.wait())
					}
					c.serve("far", chain, nil)
					return until(c.follow(), chain.Tip())
				}
				alone, beside := sync(0), sync(test.near)
				t.Logf("%v, alone %v", beside, alone)
				if beside > alone*6/5 {
					t.Errorf("%v, alone %v", beside, alone)
				}
			})
		})
	}
}

// A chain longer in headers, of which a block comes each 9.5 s, does not keep us
// from the one that others go on with.
func TestTipBesideFork(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			c, chain := newCity(t), cityChain(1200).Grow(200)
			c.seed += seed
			fork := chain.Fork(5).Grow(25)
			for i := range 2 {
				c.serve(fmt.Sprint("far", i), chain, nil)
			}
			c.serve("near", fork, func(ledger.RawBlock) time.Duration { return 9500 * time.Millisecond })
			blocks := c.follow()
			until(blocks, chain.Tip())
			for i := range 10 {
				time.Sleep(2 * time.Second)
				if took := until(blocks, chain.Grow(1).Tip()); took > 700*time.Millisecond {
					t.Errorf("seed %d: block %d came after %v", seed, i+1, took)
				}
			}
		})
	}
}
