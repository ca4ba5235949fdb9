// Follow prints the blocks after a point, of bootstrap peers or nodes that you name, and rollbacks.
//
//	go run ./examples/follow -network preview -from SLOT.HASH [HOST:PORT...]
package main

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

var program = cli.Program{
	Name: "follow",
	About: "Prints the blocks that come after a point, and rollbacks, of the nodes at HOST:PORT;\n" +
		"without any, of the network's bootstrap peers. Ctrl-C ends it.",
	Examples: []string{"-network preview -count 100"},
	Endless:  true,
	Setup:    setup,
}

func main() { cli.Main(program) }

func setup(c *cli.Command) cli.Run {
	network, peers := c.Network(), c.Peers()
	var from cli.Point
	c.Var(&from, "from", "`POINT` to start after, SLOT.HASH or origin (default origin)")
	count := c.Number("count", 0, 0, cli.UnlimitedNumber, "`BLOCKS` to print, 0 for no end")
	return func(ctx context.Context, out io.Writer) error {
		f, err := follow.NewFollower(follow.Config{Config: node.Config{Network: *network, Observer: node.Observer{Lost: c.Lost, Stopped: c.Lost}}, Peers: *peers})
		if err != nil {
			return err
		}
		var atTip atomic.Bool
		watch, printed, rollback := c.Watch(cli.Followed(f, &atTip)), 0, "starts at"
		defer watch.Stop()
		for ev, err := range f.Events(ctx, from.Point) {
			if err != nil {
				return err
			}
			watch.Moved()
			switch ev := ev.(type) {
			case follow.RollForward:
				atTip.Store(ev.Tip == ev.Block.Header.Tip())
				fmt.Fprintf(out, "%v, %d bytes\n", ev.Block.Header.Tip(), len(ev.Block.Raw))
				if printed++; printed == *count {
					return nil
				}
			case follow.RollBackward:
				fmt.Fprintln(out, rollback, ev.To.Point)
				rollback = "back to"
			}
		}
		return nil
	}
}
