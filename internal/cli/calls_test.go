package cli_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/internal/testing/clitest"
)

// The messages of each kind of flag and argument.
func TestCalls(t *testing.T) {
	flags := cli.Program{Name: "flags", Examples: []string{"-n 1"}, About: "Takes flags of each kind, and prints them.", Setup: func(c *cli.Command) cli.Run {
		n := c.Number("n", 1, 1, 9, "`NUMBER` of things")
		d := c.Duration("d", time.Second, time.Second, time.Minute, "`TIME` that it takes")
		w := c.Choice("w", "a", []string{"a", "b", "c"}, "`WORD`")
		alone := c.Bool("alone", false, "takes no other flag")
		listen := c.Bool("listen", false, "does not go with -w")
		c.Exclude("listen", "w", "there is nothing to say")
		c.Alone("alone")
		return func(_ context.Context, out io.Writer) error {
			fmt.Fprintln(out, *n, *d, *w, *alone, *listen)
			return nil
		}
	}}
	args := cli.Program{Name: "args", Examples: []string{"127.0.0.1:1"}, About: "Takes arguments, and prints them.", Setup: func(c *cli.Command) cli.Run {
		var first cli.Address
		var from cli.Point
		c.Arg(&first, "HOST:PORT")
		c.Optional(&from, "POINT")
		return func(_ context.Context, out io.Writer) error {
			fmt.Fprintln(out, first, from.Point)
			return nil
		}
	}}
	peers := cli.Program{Name: "peers", Examples: []string{""}, About: "Takes peers, and prints them.", Setup: func(c *cli.Command) cli.Run {
		network, peers := c.Network(), c.Peers()
		return func(_ context.Context, out io.Writer) error {
			fmt.Fprintln(out, network.Name, *peers)
			return nil
		}
	}}
	blocks := cli.Program{Name: "blocks", Examples: []string{"1.HASH 2.HASH"}, About: "Takes a range, and prints it.", Setup: func(c *cli.Command) cli.Run {
		from, to := c.Range()
		return func(_ context.Context, out io.Writer) error {
			fmt.Fprintln(out, from, to)
			return nil
		}
	}}
	tool := func(args []string, stdout, stderr io.Writer) int {
		flags := flag.NewFlagSet("tool", flag.ContinueOnError)
		n := flags.Int("n", 1, "`NUMBER` of things")
		exit, end := cli.FlagsOnlyOf(flags, args, "tool", "Takes flags that it declares itself.", stdout, stderr)
		if !end {
			fmt.Fprintln(stdout, *n)
		}
		return exit
	}
	clitest.Calls(t, func(ctx context.Context, line []string, stdout, stderr io.Writer) int {
		for _, p := range []cli.Program{flags, args, peers, blocks} {
			if line[0] == p.Name {
				return p.Run(ctx, line[1:], stdout, stderr)
			}
		}
		if line[0] == "tool" {
			return tool(line[1:], stdout, stderr)
		}
		t.Errorf("no program %q", line[0])
		return 1
	}, nil)
}
