// Ouronet is the tool box of the module: what it does is its subcommands.
//
//	go run ./cmd/ouronet help
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
)

// command is a subcommand.
type command struct {
	name     string
	summary  string   // one line
	examples []string // command lines that work, without the program's name

	// setup declares flags and returns what runs once they are parsed.
	setup func(*flag.FlagSet) func(ctx context.Context, args []string, out io.Writer) error
}

// commands in the order in which help lists them.
var commands = []command{graph, conformCommand, decode, simCommand}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "ouronet:", err)
		os.Exit(1)
	}
}

// run runs the subcommand that args begin with.
func run(ctx context.Context, args []string, out, help io.Writer) error {
	if len(args) == 0 {
		usage(help)
		return flag.ErrHelp
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		if len(args) == 1 {
			usage(out)
			return nil
		}
		if err := run(ctx, []string{args[1], "-h"}, out, out); !errors.Is(err, flag.ErrHelp) {
			return err
		}
		return nil
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(ctx, args[1:], out, help)
		}
	}
	usage(help)
	return fmt.Errorf("no command %q", args[0])
}

func (c command) run(ctx context.Context, args []string, out, help io.Writer) error {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(help)
	do := c.setup(flags)
	flags.Usage = func() {
		fmt.Fprintf(help, "%s\n\nExamples:\n\n", c.summary)
		for _, e := range c.examples {
			fmt.Fprintf(help, "\tgo run ./cmd/ouronet %s\n", e)
		}
		fmt.Fprint(help, "\nFlags:\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		return err
	}
	err := do(ctx, flags.Args(), out)
	if err == nil || strings.HasPrefix(err.Error(), c.name+": ") { // of the package with that name
		return err
	}
	return fmt.Errorf("%s: %w", c.name, err)
}

func usage(w io.Writer) {
	fmt.Fprint(w, "usage: ouronet COMMAND [flags] [arguments]\n\n")
	for _, c := range commands {
		fmt.Fprintf(w, "%s\n\t%s\n\tgo run ./cmd/ouronet %s\n\n", c.name, c.summary, c.examples[0])
	}
	fmt.Fprintln(w, "ouronet help COMMAND tells the flags.")
}
