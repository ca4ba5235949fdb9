package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/trace"
)

// Results of a recording that are no error of reading it.
var (
	errViolations  = errors.New("a side broke the protocol")
	errDifferences = errors.New("the core decides otherwise than it did when this was recorded: see the lines with !!; " +
		"the code has changed since, or the core had a Config.Prefer of its own")
)

// decode prints recordings and captures.
var decode = cli.Program{
	Name: "ouronet decode", Path: "go run ./cmd/ouronet decode",
	About:    "Prints messages and decisions in a FILE: a recording, or a pcap or pcapng capture; - is standard input.",
	Examples: []string{"trace/testdata/conversation.trace", "trace/testdata/decisions.trace"},
	Setup: func(c *cli.Command) cli.Run {
		var file cli.Text
		strict := c.Bool("strict", false, "end with an error if a side broke the protocol")
		c.Arg(&file, "FILE")
		return func(_ context.Context, out io.Writer) error {
			in := os.Stdin
			if file != "-" {
				f, err := os.Open(string(file))
				if err != nil {
					return fmt.Errorf("FILE: %w", err)
				}
				defer f.Close()
				in = f
			}
			sum, err := trace.Decode(in, out)
			if err != nil {
				return fmt.Errorf("FILE %s: %s", file, cli.Plain(err))
			}
			fmt.Fprintf(out, "%d connections, %d messages, %d bytes, %d violations, %d truncated, %d bytes damaged, %d steps, %d other than recorded, %d not known\n",
				sum.Connections, sum.Messages, sum.Bytes, sum.Violations, sum.Truncated, sum.Damaged, sum.Steps, sum.Differences, sum.Unknown)
			if sum.Differences > 0 {
				return errDifferences
			}
			if *strict && sum.Violations > 0 {
				return errViolations
			}
			return nil
		}
	},
}
