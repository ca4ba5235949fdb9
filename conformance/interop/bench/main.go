// Command bench measures the stacks against a baseline written by hand for raw
// TCP, all in one run on one machine, and prints the table of ratios, with a ✓
// where ouronet reaches its goal.
//
//	go -C conformance/interop run ./bench
//
// takes about ten minutes; -rounds 15 -time 1s is for quiet machines.
//
// Both ends run in one process and talk over loopback TCP. Ratios and
// allocations travel from machine to machine, the rates do not.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"time"

	"github.com/ouronet/ouronet/internal/cli"
)

var (
	only       = flag.String("run", "", "run only the rows whose name matches this regular `expression`")
	duration   = flag.Duration("time", 200*time.Millisecond, "how long each measurement takes at least")
	rounds     = flag.Int("rounds", 5, "how often each measurement is made; the median counts")
	rest       = flag.Duration("rest", time.Minute, "how long a line rests before the block that comes after a rest")
	sysctl     = flag.String("sysctl", "", "`name=value,...` of kernel parameters for the lines of limited rate; takes root")
	congestion = flag.String("congestion", "", "congestion `control` on the lines of limited rate, such as cubic; takes root")
	picture    = flag.String("plot", "", "measure nothing but small messages beside blocks on a line of 20 Mbit/s, and draw them into this `file`, an SVG")
	idle       = flag.String("idle", "", "internal: measure idle connections of this `stack` and exit")
	relays     = flag.Bool("relay", false, "internal: measure a relay and exit")
	count      = flag.Int("count", 0, "internal: how many connections or blocks")
	addr       = flag.String("addr", "", "internal: where the other ends are")
)

// columns are the stacks, the baseline first.
var columns = []column{
	{name: "hand-written", stack: raw{}},
	{name: "ouronet", stack: ouronet{}, ours: true},
	// See peer.ClientConfig.FetchAhead.
	{name: "gouroboros 0.205.5", stack: gouroboros{}, retries: 5},
}

func main() {
	cli.FlagsOnly("bench", "Measures this module beside hand-written code and gouroboros, and prints the table of\ndocs/performance.md: go -C conformance/interop run ./bench")
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	if *idle != "" {
		return idleMain(*idle, *count, *addr)
	}
	if *relays {
		return relayMain(*count, *addr)
	}
	if *picture != "" {
		return draw(*picture, columns)
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	var chosen []row
	for _, r := range rows() {
		if match.MatchString(r.name) {
			chosen = append(chosen, r)
		}
	}
	switch {
	case len(chosen) == 0:
		return fmt.Errorf("-run %q: no row has such a name", *only)
	case *rounds < 1:
		return fmt.Errorf("-rounds %d: give 1 or more", *rounds)
	}
	fmt.Printf("%s, %s/%s, %d CPUs\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	start := time.Now()
	met, missed, err := print(os.Stdout, chosen, columns)
	if err == nil {
		fmt.Printf("\n%d of %d goals met; medians of %d rounds; %v\n", met, met+missed, *rounds, time.Since(start).Round(time.Second))
	}
	return err
}
