// Follow prints the blocks that come after a point, of a network's bootstrap
// peers or of nodes that you name, and rollbacks. The program tip prints where
// the chain ends now.
//
//	go run ./examples/follow -network preview -from SLOT.HASH [HOST:PORT...]
package main

import (
	"context"
	"fmt"
	"io"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/node"
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
	c.Var(&from, "from", "`POINT` to start after, SLOT.HASH or origin")
	count := c.Number("count", 0, 0, cli.UnlimitedNumber, "`BLOCKS` to print, 0 for no end")
	return func(ctx context.Context, out io.Writer) error {
		cfg := node.FollowConfig{Config: node.Config{Network: *network}, Peers: *peers, Lost: c.Lost, Stopped: c.Lost}
		printed := 0
		for ev, err := range node.Follow(ctx, cfg, from.Point) {
			if err != nil {
				return err
			}
			switch ev := ev.(type) {
			case node.RollForward:
				fmt.Fprintf(out, "%v, %d bytes\n", ev.Block.Header.Tip(), len(ev.Block.Raw))
				if printed++; printed == *count {
					return nil
				}
			case node.RollBackward:
				fmt.Fprintln(out, "back to", ev.To.Point)
			}
		}
		return nil
	}
}
