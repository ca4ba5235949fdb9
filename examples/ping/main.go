// Ping connects to a node and prints what the handshake settled and how long
// keep-alives take there and back.
//
//	go run ./examples/ping -network preview [-count 4] [HOST:PORT]
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
		fmt.Fprintln(os.Stderr, "ping:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("ping", flag.ExitOnError)
	name := flags.String("network", "mainnet", "mainnet, preprod or preview")
	count := flags.Uint("count", 4, "round trips")
	pause := flags.Duration("pause", time.Second, "time between them, at most 97s")
	flags.Parse(args)
	network, ok := ledger.NetworkByName(*name)
	if !ok {
		return fmt.Errorf("no network %q: take mainnet, preprod or preview", *name)
	}
	address := append(flags.Args(), network.Bootstrap...)[0]
	start := time.Now()
	trips := make(chan time.Duration, 1)
	told := func(_ *node.Conn, rtt time.Duration) {
		select {
		case trips <- rtt:
		default: // more than count
		}
	}
	conn, err := node.Dial(ctx, address, node.Config{Network: network, KeepAlive: *pause, RoundTrip: told})
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Fprintf(out, "%s: handshake in %v, version %d\n", conn.Peer(), time.Since(start), conn.Agreement().Version)
	for range *count {
		select {
		case rtt := <-trips:
			fmt.Fprintln(out, "keep-alive in", rtt)
		case <-conn.Done():
			return conn.Err()
		}
	}
	return nil
}
