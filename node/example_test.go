package node_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/netip"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// Where does the chain of a node end?
func ExampleDial() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	chain := chaintest.New(chaintest.Config{Network: ledger.Preview}).Grow(10)
	peer := chaintest.Serve(chaintest.Peer{Chain: chain})
	defer peer.Close()

	conn, err := node.Dial(ctx, peer.Addr, node.Config{Network: ledger.Preview})
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
	chain := chaintest.New(chaintest.Config{Network: ledger.Preview}).Grow(10)
	peer := chaintest.Serve(chaintest.Peer{Chain: chain})
	defer peer.Close()
	conn, err := node.Dial(ctx, peer.Addr, node.Config{Network: ledger.Preview})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	for _, err := range conn.BlockFetch().Range(ctx, chain.Point(9), chain.Point(0)) {
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
	chain := chaintest.New(chaintest.Config{Network: ledger.Preview}).Grow(10)
	peer := chaintest.Serve(chaintest.Peer{Chain: chain})
	defer peer.Close()
	conn, err := node.Dial(ctx, peer.Addr, node.Config{Network: ledger.Preview})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	from, to := chain.Point(6), chain.Point(4) // before the tip, which is block 9
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
