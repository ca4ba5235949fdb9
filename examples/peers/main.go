// Peers asks a node for addresses of other nodes. Whether a node tells is its
// operator's choice.
//
//	go run ./examples/peers -network preview [-amount 10] [HOST:PORT]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("peers", flag.ExitOnError)
	name := flags.String("network", "mainnet", "mainnet, preprod or preview")
	amount := flags.Uint("amount", 10, "addresses to ask for, at most 255")
	flags.Parse(args)
	network, ok := ledger.NetworkByName(*name)
	if !ok || *amount > 255 {
		return errors.New("take mainnet, preprod or preview, and an amount up to 255")
	}
	address := append(flags.Args(), network.Bootstrap...)[0]

	conn, err := node.Dial(ctx, address, node.Config{Network: network, PeerSharing: true})
	if err != nil {
		return err
	}
	defer conn.Close()
	sharing := conn.PeerSharing()
	if sharing == nil {
		return fmt.Errorf("%s does not share peers", conn.Peer())
	}
	peers, err := sharing.Request(ctx, uint8(*amount))
	for _, p := range peers {
		fmt.Fprintln(out, p)
	}
	return err
}
