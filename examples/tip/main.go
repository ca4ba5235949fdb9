// Tip prints the end of a node's chain.
//
//	go run ./examples/tip -network preview [HOST:PORT]
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "tip:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("tip", flag.ExitOnError)
	name := flags.String("network", "mainnet", "mainnet, preprod or preview")
	flags.Parse(args)
	network, ok := ledger.NetworkByName(*name)
	if !ok {
		return fmt.Errorf("no network %q: take mainnet, preprod or preview", *name)
	}
	address := append(flags.Args(), network.Bootstrap...)[0]

	conn, err := node.Dial(ctx, address, node.Config{Network: network})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, tip, err := conn.ChainSync().Intersect(ctx, ledger.Origin)
	if err != nil {
		return err
	}
	made := network.SlotTime(tip.Point.Slot)
	fmt.Fprintf(out, "%v\n%s, %v ago\n", tip, made.UTC().Format(time.DateTime), time.Since(made).Round(time.Second))
	return nil
}
