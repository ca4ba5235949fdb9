// Package d12933a records a relay of commit d12933a; README.md says how.
package d12933a

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/relay"
	"github.com/ouronet/ouronet/trace"
	"github.com/ouronet/ouronet/vnet"
)

// TestRecord writes a recording to the file that $RECORDING names. Time is
// virtual and all is drawn from fixed seeds.
func TestRecord(t *testing.T) {
	file, err := os.Create(os.Getenv("RECORDING"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	synctest.Test(t, func(t *testing.T) { record(t, file) })
}

// latency is one way. Nothing arrives from two peers at the same instant.
var latency = map[string]time.Duration{
	"near": 5 * time.Millisecond, "far": 41 * time.Millisecond, "fork": 73 * time.Millisecond,
}

func record(t *testing.T, file io.Writer) {
	network := chaintest.Network()
	network.SecurityParam = 6
	n := vnet.New(vnet.Config{
		Seed: 1,
		Plan: func(_ *rand.Rand, _, to string) vnet.Path {
			link := vnet.Link{Latency: latency[to], Bandwidth: 1 << 20}
			return vnet.Path{Out: link, Back: link}
		},
		Wait:    synctest.Wait,
		Arrange: mux.Arrange,
	})
	hosts := make(map[string]*vnet.Host)
	for _, name := range []string{"relay", "near", "far", "fork"} {
		hosts[name] = n.Host(name)
	}
	config := node.Config{Network: network, KeepAlive: 30 * time.Second}
	listen := func(name string) *vnet.Listener {
		l, err := hosts[name].Listen(3001)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	serve := func(name string, c *chaintest.Chain) *nodetest.Server {
		cfg := config
		cfg.Seed, cfg.Sources = 2, c.Sources()
		return nodetest.Serve(t, listen(name), cfg)
	}
	r := trace.NewRecorder(file, trace.Config{})
	core := r.Core("chain")

	// run runs a relay while during lasts.
	run := func(seed uint64, during func(), peers ...string) {
		cfg := relay.Config{Follow: node.FollowConfig{Config: config, Peers: peers}, NoVerify: true, Listener: listen("relay")}
		cfg.Follow.Dial, cfg.Follow.Seed = hosts["relay"].Dial, seed
		cfg.Follow.Mux.Record, cfg.Follow.Decisions = r.Record, core
		cfg.Observe = func(node.Event) { time.Sleep(time.Nanosecond) }
		x, err := relay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var task sync.WaitGroup
		task.Go(func() {
			if err := x.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		during()
		cancel()
		task.Wait()
	}

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		c := chaintest.New(chaintest.Config{Seed: 3, Network: network, BlockSize: 1000}).Grow(10)
		fork := c.Fork(3).Grow(2)
		near, far, other := serve("near", c), serve("far", c), serve("fork", fork)

		// One peer, and a rollback.
		run(4, func() {
			time.Sleep(10 * time.Second)
			c.Switch(1, 2)
			time.Sleep(10 * time.Second)
		}, "near:3001")

		// Three peers. One keeps back the bodies of two headers, is given up, and
		// breaks off later; one is on a fork that is never better.
		run(5, func() {
			time.Sleep(10 * time.Second)
			c.Grow(1)
			time.Sleep(10 * time.Second)
			c.Grow(2)
			n.Add(vnet.Fault{Kind: vnet.Stall, From: "near", At: n.Now() + 7*time.Millisecond, For: 20 * time.Second})
			time.Sleep(30 * time.Second)
			fork.Grow(6)
			time.Sleep(10 * time.Second)
			near.Drop()
			c.Grow(3)
			time.Sleep(30 * time.Second)
		}, "near:3001", "far:3001", "fork:3001")
		for _, s := range []*nodetest.Server{near, far, other} {
			s.Stop()
		}
	}()
	if err := n.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := r.Close(); err != nil || r.Truncated() > 0 {
		t.Errorf("%v, %d truncated", err, r.Truncated())
	}
}
