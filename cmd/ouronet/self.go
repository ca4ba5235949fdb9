package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/internal/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/txsubmission"
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
	sources.PeerSharing = somePeers{}
	sources.TxSubmission = func(context.Context, *node.Conn) txsubmission.Sink { return taker{} }
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

// taker wants every transaction and keeps none.
type taker struct{}

func (taker) Want(_ context.Context, ids []txsubmission.Announced) (want []ledger.TxID, _ error) {
	for _, a := range ids {
		want = append(want, a.ID)
	}
	return want, nil
}

func (taker) Deliver(context.Context, []ledger.TxID, []ledger.Tx) error { return nil }

// somePeers gives addresses that are for documentation.
type somePeers struct{}

func (somePeers) Peers(_ context.Context, amount int) (list []netip.AddrPort, _ error) {
	for n := range min(amount, 10) {
		list = append(list, netip.MustParseAddrPort(fmt.Sprintf("192.0.2.%d:3001", n+1)))
	}
	return list, nil
}
