package follow_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/internal/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// upstream serves a chain of ten blocks until ctx ends.
func upstream(ctx context.Context) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	chain := someChain()
	go node.Serve(ctx, l, node.Config{Network: ledger.Preview, Sources: chain.Sources()})
	return l.Addr().String()
}

func someChain() *testnode.Chain {
	return testnode.New(chaingen.Config{Seed: 1, Network: ledger.Preview}).Grow(10)
}

// What happens on the chain? Leaving the loop closes the connections.
func ExampleFollow() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cfg := follow.Config{
		Config: node.Config{Network: ledger.Preview},
		Peers:  []string{upstream(ctx)},
	}

	for ev, err := range follow.Follow(ctx, cfg) {
		if err != nil {
			log.Fatal(err)
		}
		switch ev := ev.(type) {
		case follow.RollForward:
			fmt.Println("block", ev.Block.Header.BlockNo)
			if ev.Block.Header.BlockNo == 2 {
				return
			}
		case follow.RollBackward:
			fmt.Println("back to", ev.To.Point)
		}
	}
	// Output:
	// back to origin
	// block 0
	// block 1
	// block 2
}
