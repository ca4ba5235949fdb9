package vnet_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/vnet"
)

var preview = node.Config{Network: ledger.Preview, KeepAlive: time.Minute}

// serve serves a chain on a port of a host.
func serve(t *testing.T, h *vnet.Host, c *chaintest.Chain) *nodetest.Server {
	l, err := h.Listen(3001)
	if err != nil {
		t.Fatal(err)
	}
	cfg := preview
	cfg.Sources = c.Sources()
	return nodetest.Serve(t, l, cfg)
}

func follower(h *vnet.Host, peers ...string) follow.Config {
	cfg := follow.Config{Config: preview, Peers: peers}
	cfg.Dial = h.Dial
	return cfg
}

// followTo follows until a block number and returns what it took.
func followTo(t *testing.T, cfg follow.Config, to ledger.BlockNo) (took time.Duration) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	start := time.Now()
	for ev, err := range follow.Follow(ctx, cfg) {
		if err != nil {
			t.Error(err)
			break
		}
		if f, ok := ev.(follow.RollForward); ok && f.Block.Header.BlockNo == to {
			took = time.Since(start)
			break
		}
	}
	return took
}

func testChain(n int) *chaintest.Chain {
	return chaintest.New(chaintest.Config{Seed: 1, Network: ledger.Preview}).Grow(n)
}

// Chain-sync and block-fetch over a link of 50 ms a round trip: pipelining
// makes it take round trips for the conversation and not for each block.
func TestFollow(t *testing.T) {
	testenv.CheckLeaks(t)
	bubble(t, "latency", func(t *testing.T) {
		n := vnet.New(vnet.Config{Link: vnet.Link{Latency: 25 * ms}})
		serve(t, n.Host("relay"), testChain(500))
		took := followTo(t, follower(n.Host("us"), "relay:3001"), 499)
		t.Logf("500 blocks in %v", took)
		// Connect, handshake, intersection, headers and blocks are a round
		// trip each at least; 500 would be 25 s.
		if took < 250*ms || took > 2*time.Second {
			t.Errorf("500 blocks in %v", took)
		}
	})
	bubble(t, "bad network", func(t *testing.T) {
		n := vnet.New(vnet.Config{
			Seed: 3,
			Link: vnet.Link{Latency: 25 * ms, Jitter: 50 * ms, Bandwidth: 1 << 20, Window: 1 << 16, Chunk: 1448, Ragged: true},
			Faults: []vnet.Fault{
				{Kind: vnet.Stall, From: "two", At: 700 * ms, For: 5 * time.Second},
				{Kind: vnet.Partition, From: "us", At: 2 * time.Second, For: 10 * time.Second},
				{Kind: vnet.Refuse, To: "one", At: 10 * time.Second, For: time.Minute},
			},
		})
		c := testChain(500)
		serve(t, n.Host("one"), c)
		serve(t, n.Host("two"), c.Fork(0))
		took := followTo(t, follower(n.Host("us"), "one:3001", "two:3001"), 499)
		t.Logf("500 blocks in %v", took)
		if took == 0 || took > 2*time.Minute {
			t.Errorf("500 blocks in %v", took)
		}
	})
}

// A connection that ends in the middle of a conversation, at every byte of it
// up to some: the follower reconnects and gets on.
func TestResetAnywhere(t *testing.T) {
	for _, after := range []int64{1, 7, 8, 9, 40, 100, 500, 1000, 3000, 10_000} {
		bubble(t, fmt.Sprint(after), func(t *testing.T) {
			first := true
			n := vnet.New(vnet.Config{Plan: func(*rand.Rand, string, string) vnet.Path {
				p := vnet.Path{Out: vnet.Link{Latency: 5 * ms}, Back: vnet.Link{Latency: 5 * ms}}
				if first {
					p.Back.ResetAfter = after
				}
				first = false
				return p
			}})
			serve(t, n.Host("relay"), testChain(20))
			cfg := follower(n.Host("us"), "relay:3001")
			lost := 0
			cfg.Observer.Lost = func(_ string, err error, _ time.Duration) {
				if lost++; lost == 1 && !isReset(err) {
					t.Errorf("lost: %v", err)
				}
			}
			followTo(t, cfg, 19)
			if lost == 0 {
				t.Error("nothing happened")
			}
		})
	}
}

// Three nodes in lockstep, over a bad network that breaks connections, say the
// same in every run: not only what of the chain, also cookies, and when they
// dial again.
func TestNodeLockstep(t *testing.T) {
	testenv.CheckLeaks(t)
	run := func(seed uint64) string {
		var trace strings.Builder
		synctest.Test(t, func(t *testing.T) {
			n := vnet.New(vnet.Config{
				Seed: 4,
				Link: vnet.Link{Latency: 25 * ms, Jitter: 10 * ms, Bandwidth: 1 << 20, Window: 64 << 20, Ragged: true},
				Faults: []vnet.Fault{
					{Kind: vnet.Stall, From: "two", At: 700 * ms, For: 5 * time.Second},
					{Kind: vnet.Reset, From: "us", To: "one", At: 900 * ms},
					{Kind: vnet.Partition, From: "us", At: 10 * time.Second, For: 10 * time.Second},
				},
				Wait:    synctest.Wait,
				Arrange: mux.Arrange,
				Observe: func(e vnet.Event) {
					fmt.Fprintf(&trace, "%v #%d %s>%s %s %x\n", e.At, e.Conn, e.From, e.To, e.What, e.Data)
				},
			})
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				defer cancel()
				c := testChain(200)
				one, two := serve(t, n.Host("one"), c), serve(t, n.Host("two"), c.Fork(0))
				cfg := follower(n.Host("us"), "one:3001", "two:3001")
				cfg.Seed = seed
				followTo(t, cfg, 199)
				one.Close()
				two.Close()
			}()
			if err := n.Run(ctx); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		return trace.String()
	}
	first := run(5)
	t.Logf("%d lines", strings.Count(first, "\n"))
	for _, want := range []string{"reset", "us>one", "one>us", "us>two", "two>us"} {
		if !strings.Contains(first, want) {
			t.Errorf("nothing of %q happened", want)
		}
	}
	if run(6) == first {
		t.Error("the seed makes no difference")
	}
	runs := 50
	if testenv.Race || testing.Short() {
		runs = 5
	}
	for range runs - 1 {
		if again := run(5); again != first {
			t.Fatalf("another run: %s", difference(first, again))
		}
	}
}

// The Example in virtual time, a round trip each: connecting, the handshake, the
// question, and closing.
func TestLyingPeer(t *testing.T) {
	testenv.CheckLeaks(t)
	synctest.Test(t, func(t *testing.T) {
		n := vnet.New(vnet.Config{Link: vnet.Link{Latency: 25 * ms}})
		l, err := n.Host("liar").Listen(3001)
		if err != nil {
			t.Fatal(err)
		}
		cfg := preview
		cfg.Sources = &node.Sources{ChainSync: func(context.Context, *node.Conn) chainsync.Source { return liar{} }}
		nodetest.Serve(t, l, cfg)

		cfg = preview
		cfg.Dial = n.Host("app").Dial
		if err := application(t.Context(), cfg, "liar:3001"); !errors.Is(err, chainsync.ErrIntersection) {
			t.Error(err)
		}
		if n.Now() != 200*ms {
			t.Errorf("took %v", n.Now())
		}
	})
}
