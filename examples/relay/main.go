// Relay is a Cardano relay: it follows nodes, checks and keeps the blocks, and
// serves them to other nodes. Without a network, see it at work with
//
//	go run ./examples/relay -demo
//
// It is package node/relay with flags and a status line. The exit code is 0
// after an orderly end, 1 if something did not work, 2 for wrong flags.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

// stopTime is how long an orderly end may take. Connections need 1.5 s of it
// at most (node.CloseTime).
const stopTime = 1900 * time.Millisecond

func main() { os.Exit(untilSignalled(stopTime)) }

// untilSignalled runs the program until it ends or a signal ends it, for which
// it has the given time.
func untilSignalled(patience time.Duration) int {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		select { // whoever asks twice means it
		case <-signals:
		case <-time.After(patience):
		}
		os.Exit(1)
	}()
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

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
		fmt.Fprintln(stdout, version())
		return 0
	}
	out := newOutput(o, stdout, stderr)
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

// fail says in one line what is wrong.
func fail(w io.Writer, err error) (exit int) {
	fmt.Fprintln(w, "relay:", err)
	var usage usageError
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

func version() string {
	v := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		v = info.Main.Version
	}
	return fmt.Sprintf("ouronet relay %s, node-to-node versions 14 and 15, %s %s/%s", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
