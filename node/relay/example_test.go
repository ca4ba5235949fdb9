package relay_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

// A relay that follows one node and serves others, in memory.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	chain := chaintest.New(chaintest.Config{Network: ledger.Preview}).Grow(10)
	peer := chaintest.Serve(chaintest.Peer{Chain: chain})
	defer peer.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	r, err := relay.New(relay.Config{
		Follow: follow.Config{
			Config: node.Config{Network: ledger.Preview},
			Peers:  []string{peer.Addr},
		},
		Listener: listener,
		NoVerify: true, // the headers of this chain are not signed
		Observer: relay.Observer{Event: func(ev follow.Event) {
			if forward, ok := ev.(follow.RollForward); ok && forward.Block.Header.Tip() == chain.Tip() {
				cancel() // we have seen enough
			}
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	err = r.Run(ctx)
	fmt.Println(r.Status().Blocks, "blocks, error", err)
	// Output: 10 blocks, error <nil>
}
