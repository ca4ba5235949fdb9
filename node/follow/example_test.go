package follow_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// What happens on the chain? Leaving the loop closes the connections.
func ExampleFollow() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	chain := chaintest.New(chaintest.Config{Network: ledger.Preview}).Grow(10)
	peer := chaintest.Serve(chaintest.Peer{Chain: chain})
	defer peer.Close()
	cfg := follow.Config{Config: node.Config{Network: ledger.Preview}, Peers: []string{peer.Addr}}

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

// How are blocks written in batches while there are many, and one by one at the tip?
func ExampleRollForward() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	chain := chaintest.New(chaintest.Config{Network: ledger.Preview}).Grow(10)
	peer := chaintest.Serve(chaintest.Peer{Chain: chain})
	defer peer.Close()
	cfg := follow.Config{Config: node.Config{Network: ledger.Preview}, Peers: []string{peer.Addr}}

	written := 0
	var batch []ledger.Block
	write := func() { // in one transaction of a database, say
		written += len(batch)
		batch = batch[:0]
	}
	for ev, err := range follow.Follow(ctx, cfg) {
		if err != nil {
			log.Fatal(err)
		}
		switch ev := ev.(type) {
		case follow.RollForward:
			if batch = append(batch, ev.Block); !ev.More || len(batch) == 1000 {
				write()
			}
			if ev.Tip == ev.Block.Header.Tip() {
				fmt.Println("at the tip with", written, "blocks")
				return
			}
		case follow.RollBackward:
			write() // and then drop what is after ev.To
		}
	}
	// Output: at the tip with 10 blocks
}
