// Tip prints the end of a node's chain.
//
//	go run ./examples/tip -network preview [HOST:PORT]
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

var program = cli.Program{
	Name:     "tip",
	About:    "Prints the end of a node's chain; without HOST:PORT, of a bootstrap peer's.",
	Examples: []string{"-network preview"},
	Setup:    setup,
}

func main() { cli.Main(program) }

func setup(c *cli.Command) cli.Run {
	network, address := c.Network(), c.Peer()
	return func(ctx context.Context, out io.Writer) error {
		defer c.Watch(func() []string { return []string{"waiting for " + *address} }).Stop()
		conn, err := node.Dial(ctx, *address, node.Config{Network: *network})
		if err != nil {
			return err
		}
		defer conn.Close()
		_, tip, err := conn.ChainSync().Intersect(ctx, ledger.Origin)
		if err != nil && !errors.Is(err, chainsync.ErrNoIntersect) { // it tells the tip in any case
			return err
		}
		fmt.Fprintln(out, tip)
		if cli.Known(*network) && !tip.Point.IsOrigin() {
			made := network.SlotTime(tip.Point.Slot)
			fmt.Fprintf(out, "%s, %v ago\n", made.UTC().Format(time.DateTime), time.Since(made).Round(time.Second))
		}
		return nil
	}
}
