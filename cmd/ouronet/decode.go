package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/ouronet/ouronet/trace"
)

// Results of a recording that are no error of reading it.
var (
	errViolations  = errors.New("a side broke the protocol")
	errDifferences = errors.New("the core decides otherwise than it did when this was recorded: see the line with !!; " +
		"the code has changed since, or the core had a Config.Prefer of its own")
)

// decode prints recordings and captures.
var decode = command{
	name:     "decode",
	summary:  "Prints messages and decisions in a FILE: a recording, or a pcap or pcapng capture; - is standard input.",
	examples: []string{"decode trace/testdata/conversation.trace", "decode trace/testdata/decisions.trace"},
	setup: func(flags *flag.FlagSet) func(context.Context, []string, io.Writer) error {
		strict := flags.Bool("strict", false, "end with an error if a side broke the protocol")
		return func(_ context.Context, args []string, out io.Writer) error {
			if len(args) != 1 {
				return errors.New("say which file")
			}
			in := os.Stdin
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			sum, err := trace.Decode(in, out)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%d connections, %d messages, %d bytes, %d violations, %d truncated, %d bytes damaged, %d steps, %d other than recorded\n",
				sum.Connections, sum.Messages, sum.Bytes, sum.Violations, sum.Truncated, sum.Damaged, sum.Steps, sum.Differences)
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
