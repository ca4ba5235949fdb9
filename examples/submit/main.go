// Submit offers a transaction to a node and prints whether the node asked for it.
// What it then did with it, a node does not say.
//
//	go run ./examples/submit -network preview TX-FILE HOST:PORT
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

var program = cli.Program{
	Name: "submit",
	About: "Offers the transaction in TX-FILE (CBOR, raw, in hex or as cardano-cli writes it; - is\n" +
		"standard input) to a node, and prints whether the node asked for it: it does not ask\n" +
		"for one that it knows. A node does not report whether a transaction is valid.",
	Examples: []string{"-network preview tx.signed preview-node.play.dev.cardano.org:3001"},
	Setup:    setup,
}

func main() { cli.Main(program) }

func setup(c *cli.Command) cli.Run {
	var file cli.Text
	var address cli.Address
	network := c.Network()
	wait := c.Duration("wait", 2*time.Minute, time.Second, cli.UnlimitedDuration, "`TIME` for the node to ask; cardano-node takes one minute")
	era := c.Number("era", int(ledger.Conway), int(ledger.Shelley), ledger.NumEras-1, "`ERA` of the transaction: 6 is Conway, 7 is Dijkstra")
	c.Arg(&file, "TX-FILE")
	c.Arg(&address, "HOST:PORT")
	return func(ctx context.Context, out io.Writer) error {
		tx, err := cli.ReadTx(string(file), ledger.Era(*era))
		if err != nil {
			return fmt.Errorf("TX-FILE: %w", err)
		}
		ctx, cancel := context.WithTimeoutCause(ctx, *wait, errors.New("no answer: allow more with -wait"))
		defer cancel()
		defer c.Watch(func() []string {
			return []string{"waiting for " + string(address) + ": a node may take a minute to ask"}
		}).Stop()
		conn, err := node.Dial(ctx, string(address), node.Config{Network: *network})
		if err != nil {
			return err
		}
		defer conn.Close()
		asked, err := conn.Submit(ctx, tx)
		if err != nil && !asked {
			return err
		}
		fmt.Fprintln(out, "the node asked for the transaction:", asked)
		return nil
	}
}
