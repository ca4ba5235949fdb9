// Relay is a Cardano relay: it follows nodes, checks and keeps the blocks, and
// serves them to other nodes. Without a network, see it at work with
//
//	go run ./examples/relay -demo
//
// It is package node/relay with flags and a status line. The exit status is 0
// after an orderly end, 1 if something did not work, 2 for wrong flags.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/ouronet/ouronet/internal/cli"
)

func main() { os.Exit(cli.UntilSignalled(cli.StopTime, run)) }

// run is the program; it ends when ctx does.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (exit int) {
	o, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, help())
		return 0
	case err != nil:
		return fail(stderr, err)
	case o.version:
		fmt.Fprintln(stdout, cli.Version("relay"))
		return 0
	}
	out := newOutput(o, stdout, stderr)
	endReloading, err := o.log.start(ctx, out)
	if err != nil {
		return fail(stderr, err)
	}
	defer endReloading()
	if o.demo {
		err = runDemo(ctx, o, defaultScript, out)
	} else {
		err = runRelay(ctx, o, out)
	}
	if err != nil {
		out.close()
		out.event(event{Event: "error", Error: err.Error()})
		return fail(stderr, err)
	}
	return 0
}

// fail says what is wrong, and returns the exit status.
func fail(w io.Writer, err error) (exit int) {
	fmt.Fprintln(w, "relay:", err)
	if !errors.As(err, new(cli.UsageError)) {
		return 1
	}
	fmt.Fprintln(w, "usage: relay [flags], for example go run ./examples/relay -demo; -help tells more")
	return 2
}
