// Fetch writes the blocks from one point to another to a file, back to back.
//
//	go run ./examples/fetch -network preview -o blocks HOST:PORT SLOT.HASH SLOT.HASH
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/node"
)

var program = cli.Program{
	Name:  "fetch",
	About: "Writes the blocks FROM one point TO another, both included, to a file, back to back.",
	Examples: []string{"-network preview preview-node.play.dev.cardano.org:3001 " +
		"0.268ae601af8f9214804735910a3301881fbe0eec9936db7d1fb9fc39e93d1e37 " +
		"40.819b76c86d541b1e8899e1b2fdfec23277d2bfd6b94e4222ec231d63c8dd9598"},
	Setup: setup,
}

func main() { cli.Main(program) }

func setup(c *cli.Command) cli.Run {
	var address cli.Address
	network, name := c.Network(), cli.Text("blocks")
	c.Var(&name, "o", "`FILE` to write")
	c.Arg(&address, "HOST:PORT")
	from, to := c.Range()
	return func(ctx context.Context, out io.Writer) error {
		var blocks atomic.Int64
		defer c.Watch(func() []string { return []string{fmt.Sprint(blocks.Load(), " blocks so far, waiting for more")} }).Stop()
		conn, err := node.Dial(ctx, string(address), node.Config{Network: *network})
		if err != nil {
			return err
		}
		defer conn.Close()
		var file *os.File // nil before the first block
		for block, err := range conn.Blocks(ctx, *from, *to) {
			if err != nil {
				return err
			}
			if file == nil {
				if file, err = os.Create(string(name)); err != nil {
					return fmt.Errorf("-o: %w", err)
				}
				defer func() { fmt.Fprintln(out, blocks.Load(), "blocks in", name) }()
			}
			if _, err = file.Write(block.Raw); err != nil {
				return fmt.Errorf("-o: %w", err)
			}
			blocks.Add(1)
		}
		return file.Close()
	}
}
