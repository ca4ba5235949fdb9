package chaintest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/vnet"
)

// A peer with ten blocks, and a program that follows it.
func Example() {
	chain := chaintest.New(chaintest.Config{}).Grow(10)
	peer := chaintest.Serve(chaintest.Peer{Chain: chain})
	defer peer.Close()

	cfg := follow.Config{Config: node.Config{Network: chain.Network()}, Peers: []string{peer.Addr}}
	for event, err := range follow.Follow(context.Background(), cfg) {
		if err != nil {
			log.Fatal(err)
		}
		if f, ok := event.(follow.RollForward); ok {
			fmt.Println("block", f.Block.Header.BlockNo)
			if f.Block.Header.Tip() == chain.Tip() {
				break
			}
		}
	}
	// Output:
	// block 0
	// block 1
	// block 2
	// block 3
	// block 4
	// block 5
	// block 6
	// block 7
	// block 8
	// block 9
}

// What does the program make of a rollback?
func ExampleChain_Switch() {
	chain := chaintest.New(chaintest.Config{}).Grow(100)
	peer := chaintest.Serve(chaintest.Peer{Chain: chain})
	defer peer.Close()

	cfg := follow.Config{Config: node.Config{Network: chain.Network()}, Peers: []string{peer.Addr}}
	switched := false
	for event, err := range follow.Follow(context.Background(), cfg, chain.Point(2)) {
		if err != nil {
			log.Fatal(err)
		}
		switch e := event.(type) {
		case follow.RollBackward:
			if switched { // the first event says where we start
				fmt.Println("roll back to block", e.To.BlockNo)
			}
		case follow.RollForward:
			fmt.Println("block", e.Block.Header.BlockNo)
			if e.Block.Header.Tip() != chain.Tip() {
				continue
			}
			if switched {
				return
			}
			chain.Switch(1, 2) // drop one block, add two others
			switched = true
		}
	}
	// Output:
	// block 98
	// block 99
	// roll back to block 98
	// block 99
	// block 100
}

// A peer that sends a wrong body is blamed. An honest one with the same chain is not.
func ExamplePeer_liar() {
	chain := chaintest.New(chaintest.Config{}).Grow(10)
	honest := chaintest.Serve(chaintest.Peer{Chain: chain})
	defer honest.Close()
	liar := chaintest.Serve(chaintest.Peer{Chain: chain, Hooks: chaintest.Hooks{Range: chaintest.WrongBody}})
	defer liar.Close()

	for _, peer := range []*chaintest.Server{honest, liar} {
		conn, err := node.Dial(context.Background(), peer.Addr, node.Config{Network: chain.Network()})
		if err != nil {
			log.Fatal(err)
		}
		defer conn.Close()
		n := 0
		for _, err = range conn.Blocks(context.Background(), chain.Point(9), chain.Point(0)) {
			if err != nil {
				break
			}
			n++
		}
		fmt.Println(n, "blocks, invalid body:", errors.Is(err, blockfetch.ErrInvalidBody), "blame:", node.Blame(err))
	}
	// Output:
	// 10 blocks, invalid body: false blame: false
	// 0 blocks, invalid body: true blame: true
}

// A near peer drips its blocks, a hundred bytes a second; the blocks come from the
// honest one far away. In a test, the same inside synctest.Test takes no time.
func ExamplePeer_dripping() {
	n := vnet.New(vnet.Config{Plan: func(_ *rand.Rand, _, to string) vnet.Path {
		link := vnet.Link{Latency: time.Millisecond}
		if to == "far" {
			link.Latency = 10 * time.Millisecond
		}
		return vnet.Path{Out: link, Back: link}
	}})
	defer n.Close()
	chain := chaintest.New(chaintest.Config{BlockSize: 20_000}).Grow(50)
	near := chaintest.Serve(chaintest.Peer{Chain: chain, Host: n.Host("near"), Drip: 100})
	defer near.Close()
	far := chaintest.Serve(chaintest.Peer{Chain: chain, Host: n.Host("far")})
	defer far.Close()

	var blocks []ledger.Block
	cfg := follow.Config{Peers: []string{near.Addr, far.Addr}}
	cfg.Network, cfg.Dial = chain.Network(), n.Host("us").Dial
	for event, err := range follow.Follow(context.Background(), cfg) {
		if err != nil {
			log.Fatal(err)
		}
		if f, ok := event.(follow.RollForward); ok {
			if blocks = append(blocks, f.Block); f.Block.Header.Tip() == chain.Tip() {
				break
			}
		}
	}
	fmt.Println(len(blocks), "blocks")
	// Output: 50 blocks
}
