package vnet_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/vnet"
)

// liar is the chain of a peer that claims to share a block nobody asked for.
type liar struct{ chainsync.Source }

func (liar) Intersect(context.Context, []ledger.Point) (ledger.Point, ledger.Tip, error) {
	p := ledger.Point{Slot: 7}
	return p, ledger.Tip{Point: p}, nil
}

// application is what is tested: does it see through the lie?
func application(ctx context.Context, cfg node.Config, peer string) error {
	conn, err := node.Dial(ctx, peer, cfg)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, _, err = conn.ChainSync().Intersect(ctx, ledger.Origin)
	return err
}

// A lying peer behind a link of 50 ms there and back. In a test, the same inside
// synctest.Test takes no time.
func Example_lyingPeer() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := vnet.New(vnet.Config{Link: vnet.Link{Latency: 25 * time.Millisecond}})
	l, err := n.Host("liar").Listen(3001)
	if err != nil {
		panic(err)
	}
	lies := &node.Sources{ChainSync: func(context.Context, *node.Conn) chainsync.Source { return liar{} }}
	go node.Serve(ctx, l, node.Config{Network: ledger.Preview, Sources: lies})

	err = application(ctx, node.Config{Network: ledger.Preview, Dial: n.Host("app").Dial}, "liar:3001")
	fmt.Println(err)
	fmt.Println(errors.Is(err, chainsync.ErrIntersection))
	// Output:
	// peer broke chain-sync in StIntersect with MsgIntersectFound: intersection was not offered: 7.0000000000000000000000000000000000000000000000000000000000000000
	// true
}
