// Peers asks a node for addresses of other nodes. Operators may have their nodes share
// none.
//
//	go run ./examples/peers -network preview [-amount 10] [HOST:PORT]
package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/node"
)

var program = cli.Program{
	Name: "peers",
	About: "Asks a node for addresses of other nodes; without HOST:PORT, a bootstrap peer.\n" +
		"Operators may have their nodes share none.",
	Examples: []string{"-network preview -amount 10"},
	Setup:    setup,
}

func main() { cli.Main(program) }

func setup(c *cli.Command) cli.Run {
	network, address := c.Network(), c.Peer()
	amount := c.Number("amount", 10, 1, 255, "`ADDRESSES` to ask for")
	return func(ctx context.Context, out io.Writer) error {
		defer c.Watch(func() []string { return []string{"waiting for " + *address} }).Stop()
		conn, err := node.Dial(ctx, *address, node.Config{Network: *network, PeerSharing: true})
		if err != nil {
			return err
		}
		defer conn.Close()
		peers, err := conn.PeerSharing().Request(ctx, uint8(*amount))
		if errors.Is(err, node.ErrNotSharing) {
			return fmt.Errorf("%s does not share peers", conn.Peer())
		}
		for _, p := range peers {
			fmt.Fprintln(out, p)
		}
		if len(peers) == 0 && err == nil {
			fmt.Fprintf(c.Stderr, "%s gave no address\n", conn.Peer())
		}
		return err
	}
}
