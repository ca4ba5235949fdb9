package node_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/netip"

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

// pointOf returns the point of one of the blocks.
func pointOf(n int) ledger.Point { return someChain().Blocks()[n].Header.Point() }

// Where does the chain of a node end?
func ExampleDial() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	address := upstream(ctx)

	conn, err := node.Dial(ctx, address, node.Config{Network: ledger.Preview})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	_, tip, err := conn.ChainSync().Intersect(ctx, ledger.Origin)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("version", conn.Agreement().Version)
	fmt.Println("the tip is block", tip.BlockNo)
	// Output:
	// version 15
	// the tip is block 9
}

// How much has gone through a connection?
func ExampleConn_Stats() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	conn, err := node.Dial(ctx, upstream(ctx), node.Config{Network: ledger.Preview})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	for _, err := range conn.BlockFetch().Range(ctx, pointOf(0), pointOf(9)) {
		if err != nil {
			log.Fatal(err)
		}
	}
	s := conn.Stats()
	fmt.Println("the connection is", s.State)
	for _, p := range s.Protocols {
		if p.Protocol == "block-fetch" {
			fmt.Println("messages sent:", p.Sent.Messages, "received:", p.Received.Messages)
		}
	}
	// Output:
	// the connection is warm
	// messages sent: 1 received: 12
}

// Which blocks are there from one point to another? The loop may take its time.
func ExampleConn_Blocks() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	conn, err := node.Dial(ctx, upstream(ctx), node.Config{Network: ledger.Preview})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	from, to := pointOf(3), pointOf(5)
	for block, err := range conn.Blocks(ctx, from, to) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("block", block.Header.BlockNo)
	}
	// Output:
	// block 3
	// block 4
	// block 5
}

// How are blocks written in batches while there are many, and one by one at the tip?
func ExampleRollForward() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cfg := follow.Config{
		Config: node.Config{Network: ledger.Preview},
		Peers:  []string{upstream(ctx)},
	}

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

// friends is a peersharing.Source.
type friends []netip.AddrPort

func (f friends) Peers(_ context.Context, amount int) ([]netip.AddrPort, error) {
	return f[:min(amount, len(f))], nil
}

// A node that answers from sources of its own: here, only which peers it knows.
func ExampleServe() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	cfg := node.Config{Network: ledger.Preview, PeerSharing: true}

	serving := cfg
	serving.Sources = &node.Sources{PeerSharing: friends{netip.MustParseAddrPort("192.0.2.7:3001")}}
	go node.Serve(ctx, l, serving)

	conn, err := node.Dial(ctx, l.Addr().String(), cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	fmt.Println(conn.PeerSharing().Request(ctx, 10))
	// Output: [192.0.2.7:3001] <nil>
}
