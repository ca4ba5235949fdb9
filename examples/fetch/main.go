// Fetch writes the blocks from one point to another to a file, back to back.
//
//	go run ./examples/fetch -network preview -o blocks HOST:PORT SLOT.HASH SLOT.HASH
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
		fmt.Fprintln(os.Stderr, "fetch:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("fetch", flag.ExitOnError)
	name := flags.String("network", "mainnet", "mainnet, preprod or preview")
	file := flags.String("o", "blocks", "file to write")
	flags.Parse(args)
	network, ok := ledger.NetworkByName(*name)
	from, err1 := ledger.ParsePoint(flags.Arg(1))
	to, err2 := ledger.ParsePoint(flags.Arg(2))
	if !ok || err1 != nil || err2 != nil {
		return errors.New("give a known -network, HOST:PORT and two points SLOT.HASH")
	}
	conn, err := node.Dial(ctx, flags.Arg(0), node.Config{Network: network})
	if err != nil {
		return err
	}
	defer conn.Close()

	f, err := os.Create(*file)
	if err != nil {
		return err
	}
	blocks := 0
	for block, err := range conn.BlockFetch().Blocks(ctx, from, to) {
		if err == nil {
			_, err = f.Write(block.Raw)
		}
		if err != nil {
			return errors.Join(err, f.Close())
		}
		blocks++
	}
	fmt.Fprintln(out, blocks, "blocks in", *file)
	return f.Close()
}
