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

// errViolations is the result of a recording with violations in it.
var errViolations = errors.New("a side broke the protocol")

// decode prints recordings and captures.
var decode = command{
	name:     "decode",
	summary:  "Prints the messages in a recording, or in a pcap or pcapng capture; - is standard input.",
	examples: []string{"decode trace/testdata/conversation.trace"},
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
			fmt.Fprintf(out, "%d connections, %d messages, %d bytes, %d violations, %d truncated, %d bytes damaged, %d steps\n",
				sum.Connections, sum.Messages, sum.Bytes, sum.Violations, sum.Truncated, sum.Damaged, sum.Steps)
			if *strict && sum.Violations > 0 {
				return errViolations
			}
			return nil
		}
	},
}
