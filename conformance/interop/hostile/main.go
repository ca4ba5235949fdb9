//go:build linux

// Command hostile measures what a relay's honest peers notice of hostile ones
// beside them, and prints it as a table with the same of another implementation:
//
//	go -C conformance/interop run ./hostile
//
// takes about a minute. It is for Linux: it reads /proc, and connects from all
// over 127.0.0.0/8.
//
// Three processes talk over loopback TCP. The server follows an upstream peer,
// whose chain grows by a block each 100 ms. The load is a crowd of honest
// followers and hostile peers, each at an address of its own. This one is the
// upstream peer and the honest follower that is measured, and once a second a
// newcomer: alone, beside the honest part of the load, beside all of it, and alone
// again. The load runs at the lowest
// priority, since hostile peers do not usually take their processor time from
// the server's machine; it is still the same machine, which adds to all figures.
//
// The other implementation's server is gouroboros as package peer uses it. As it
// is no relay, package node follows the upstream peer for it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/ouronet/ouronet/internal/cli"
)

var (
	phase   = flag.Duration("for", 5*time.Second, "how long to measure in each phase; beside hostile peers, twice that")
	only    = flag.String("only", "", "measure this `server` only: ouronet or gouroboros")
	conns   = flag.Int("conns", 500, "how many connections the load has")
	hostile = flag.Int("hostile", 160, "how many of them are hostile")
	verbose = flag.Bool("v", false, "say what became of each kind of peer")

	serve    = flag.String("serve", "", "internal: be this `server`")
	upstream = flag.String("upstream", "", "internal: whom the server follows")
	load     = flag.String("load", "", "internal: be the load on the server at this address")
)

// servers are what is measured, ours first.
var servers = []string{"ouronet", "gouroboros"}

func main() {
	cli.FlagsOnly("hostile", "Measures how servers do beside hostile peers, ours and gouroboros's:\ngo -C conformance/interop run ./hostile")
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "hostile:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if child() {
		return runChild(ctx)
	}
	if *only != "" && !slices.Contains(servers, *only) {
		return fmt.Errorf("-only %q: give ouronet or gouroboros", *only)
	}
	var names []string
	var reports []report
	for _, name := range servers {
		if *only != "" && *only != name {
			continue
		}
		r, err := measure(ctx, name, plan{phase: *phase, conns: *conns, hostile: *hostile})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		names, reports = append(names, name), append(reports, r)
		if *verbose {
			r.crowd.print(os.Stderr, name)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("no server %q", *only)
	}
	return printTable(os.Stdout, names, reports)
}
