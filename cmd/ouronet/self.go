package main

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// selfAddress is where the node of [serveSelf] is.
const selfAddress = "self"

// serveSelf serves, until ctx ends, a node of this module on a network in
// memory, and returns what connects to it. Its chain grows and switches forks
// now and then, and it takes whatever transactions it is offered.
func serveSelf(ctx context.Context) (dial func(context.Context) (net.Conn, error)) {
	memory := new(testnode.Net)
	chain := chaintest.New(chaintest.Config{}).Grow(30)
	peer := chaintest.Peer{Chain: chain, Txs: func(ledger.Tx) {}}
	for i := range 10 { // for documentation (RFC 5737)
		peer.Addresses = append(peer.Addresses, netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), 3001))
	}
	go node.Serve(ctx, memory.Listen(selfAddress), node.Config{Network: chaintest.Network(), PeerSharing: true, Sources: peer.Sources()})
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
