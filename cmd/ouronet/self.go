package main

import (
	"context"
	"net"
	"time"

	"github.com/ouronet/ouronet/internal/testing/chaingen"
	"github.com/ouronet/ouronet/internal/testing/testnode"
	"github.com/ouronet/ouronet/node"
)

// selfAddress is where the node of [serveSelf] is.
const selfAddress = "self"

// serveSelf serves, until ctx ends, a node of this module on a network in
// memory, and returns what connects to it. Its chain grows and switches forks
// now and then, and it takes whatever transactions it is offered.
func serveSelf(ctx context.Context) (dial func(context.Context) (net.Conn, error)) {
	memory := new(testnode.Net)
	chain := testnode.New(chaingen.Config{}).Grow(30)
	sources := chain.Sources()
	sources.PeerSharing = testnode.SomeAddresses(10)
	sources.TxSubmission = testnode.Taker(nil).Sink
	go node.Serve(ctx, memory.Listen(selfAddress), node.Config{Network: chaingen.Network(), PeerSharing: true, Sources: sources})
	go func() {
		for n := 0; ; n++ {
			select {
			case <-time.After(300 * time.Millisecond):
			case <-ctx.Done():
				return
			}
			if n%2 == 0 {
				chain.Grow(1)
			} else {
				chain.Switch(1, 2)
			}
		}
	}()
	return func(ctx context.Context) (net.Conn, error) { return memory.Dial(ctx, selfAddress) }
}
