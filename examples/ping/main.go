// Ping connects to a node and prints what the handshake agreed on and how long
// keep-alives take there and back.
//
//	go run ./examples/ping -network preview [-count 4] [HOST:PORT]
package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/node"
)

var program = cli.Program{
	Name: "ping",
	About: "Connects to a node (without HOST:PORT, a bootstrap peer) and prints how long the\n" +
		"handshake and keep-alives take.",
	Examples: []string{"-network preview -count 10"},
	Setup:    setup,
}

func main() { cli.Main(program) }

func setup(c *cli.Command) cli.Run {
	network, address := c.Network(), c.Peer()
	count := c.Number("count", 4, 1, cli.UnlimitedNumber, "`NUMBER` of keep-alives")
	pause := c.Duration("pause", time.Second, time.Millisecond, 97*time.Second, "`TIME` between them") // 97 s is a node's patience
	return func(ctx context.Context, out io.Writer) error {
		trips := make(chan time.Duration, 1)
		told := func(_ *node.Conn, rtt time.Duration) {
			select {
			case trips <- rtt:
			default: // more than count
			}
		}
		start := time.Now()
		watch := c.Watch(func() []string { return []string{"waiting for " + *address} })
		conn, err := node.Dial(ctx, *address, node.Config{Network: *network, KeepAlive: *pause, Observer: node.Observer{RoundTrip: told}})
		watch.Stop()
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
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}
}
