// Follow prints the blocks that come after a point, of a network's bootstrap
// peers or of nodes that you name, and rollbacks. The program tip prints where
// the chain ends now.
//
//	go run ./examples/follow -network preview -from SLOT.HASH [HOST:PORT...]
//	go run ./examples/follow -network preview -count 100
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "follow:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("follow", flag.ExitOnError)
	name := flags.String("network", "mainnet", "mainnet, preprod or preview")
	from := flags.String("from", "origin", "point to start after, SLOT.HASH or origin")
	count := flags.Int("count", -1, "blocks to print, -1 for no end")
	flags.Parse(args)
	network, ok := ledger.NetworkByName(*name)
	if !ok {
		return fmt.Errorf("no network %q: take mainnet, preprod or preview", *name)
	}
	point, err := ledger.ParsePoint(*from)
	if err != nil {
		return err
	}

	cfg := node.FollowConfig{Config: node.Config{Network: network}, Peers: flags.Args()}
	for ev, err := range node.Follow(ctx, cfg, point) {
		switch ev := ev.(type) {
		case node.RollForward:
			fmt.Fprintf(out, "%v, %d bytes\n", ev.Block.Header.Tip(), len(ev.Block.Raw))
			*count--
		case node.RollBackward:
			fmt.Fprintln(out, "back to", ev.To.Point)
		}
		if err != nil || *count == 0 {
			return err
		}
	}
	return nil
}
