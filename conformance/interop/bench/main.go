// Command bench measures the stacks against a baseline written by hand for raw
// TCP, all in one run on one machine, and prints the table of ratios.
//
//	go -C conformance/interop run ./bench
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
)

var (
	only     = flag.String("run", "", "run only the rows whose name matches this regular `expression`")
	duration = flag.Duration("time", 300*time.Millisecond, "how long each measurement takes at least")
	rounds   = flag.Int("rounds", 3, "how often each measurement is made; the best counts")
	idle     = flag.String("idle", "", "internal: measure idle connections of this `stack` and exit")
	count    = flag.Int("count", 0, "internal: with -idle, how many")
	addr     = flag.String("addr", "", "internal: with -idle, where the other ends are")
)

// columns are the stacks, the baseline first.
var columns = []column{
	{"hand-written", raw{}},
	{"ouronet", ouronet{}},
	{"gouroboros 0.205.5", gouroboros{}},
}

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	if *idle != "" {
		return idleMain(*idle, *count, *addr)
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	var chosen []row
	for _, r := range rows() {
		if match.MatchString(r.name) {
			chosen = append(chosen, r)
		}
	}
	fmt.Printf("%s, %s/%s, %d CPUs\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	return print(os.Stdout, chosen, columns)
}
