package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

// memoryRow compares the heap of a relay with a data folder after a short and a
// long chain.
func memoryRow(name, goal string) row {
	const short, long = 4000, 17310 // the length of the real chain that tests use
	met := func(r result, _ float64) bool { return r.value >= 0.9 && r.value <= 1.1 }
	return row{name: name, goal: goal, met: met, once: true, run: func(s stack) (result, error) {
		if s != (ouronet{}) {
			return result{}, errNone
		}
		c := newChain(long, 4000)
		before, err := relayIn(c, short)
		if err != nil {
			return result{}, err
		}
		after, err := relayIn(c, long)
		return result{
			value: after / before,
			text:  number(after/before) + " ×",
			notes: fmt.Sprintf("%s MB after %d, %s MB after %d", number(before/1e6), short, number(after/1e6), long),
		}, err
	}}
}

// relayIn returns the heap of a relay, in a process of its own, that took the
// first n blocks of c.
func relayIn(c *chain, n int) (float64, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	c = &chain{blocks: c.blocks[:n]}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- node.Serve(ctx, ln, node.Config{
			Network: chaintest.Network(),
			Sources: &node.Sources{
				ChainSync:  func(context.Context, *node.Conn) chainsync.Source { return newReader(c) },
				BlockFetch: newRanges(c),
			},
		})
	}()
	defer func() {
		cancel()
		<-served
	}()
	var heap float64
	return heap, child(&heap, "-relay", "-count", fmt.Sprint(n), "-addr", ln.Addr().String())
}

// relayMain is the process of relayIn.
func relayMain(count int, addr string) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	taken, n := make(chan struct{}), 0
	r, err := relay.New(relay.Config{
		Follow: follow.Config{
			Config: node.Config{Network: chaintest.Network()},
			Peers:  []string{addr},
		},
		DataDir:  dir,
		NoVerify: true, // the chain is not signed
		Observer: relay.Observer{Event: func(ev follow.Event) {
			if _, ok := ev.(follow.RollForward); ok {
				if n++; n == count {
					close(taken)
				}
			}
		}},
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	select {
	case <-taken:
	case err := <-ended:
		return fmt.Errorf("the relay ended after %d of %d blocks: %w", n, count, err)
	}
	_, bytes := used()
	if err := json.NewEncoder(os.Stdout).Encode(float64(bytes)); err != nil {
		return err
	}
	cancel()
	return <-ended
}
