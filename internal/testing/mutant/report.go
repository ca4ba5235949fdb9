package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
)

// all tries the changes of p in order until as many as its quota compiled, n at
// a time, and gives the verdicts on those to add, in order.
func (t *trials) all(ctx context.Context, p plan, n int, add func(verdict)) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	var pending []chan verdict
	compiled := 0
	changes := p.changes
	for {
		// No more than may still be needed: what is tried does not depend on n.
		for len(pending) < min(n, p.quota-compiled) && len(changes) > 0 {
			result, m := make(chan verdict, 1), changes[0]
			running.Go(func() { result <- t.try(ctx, p.pkg, m) })
			pending, changes = append(pending, result), changes[1:]
		}
		if len(pending) == 0 {
			return nil
		}
		v := <-pending[0]
		pending = pending[1:]
		if v.err != nil {
			return v.err
		}
		if v.compiles {
			compiled++
			add(v)
		}
	}
}

// report prints verdicts and counts them.
type report struct {
	out     io.Writer
	verbose bool
	least   float64 // score, in percent

	here, sum tally
	packages  int
	staleN    int
}

type tally struct{ tried, caught int }

func (t tally) score() float64 { return 100 * float64(t.caught) / float64(max(t.tried, 1)) }

func (r *report) add(v verdict) {
	r.here.tried++
	switch {
	case v.caught == "":
		ran := "none: there are none"
		if len(v.ran) > 0 {
			ran = strings.Join(v.ran, " ")
		}
		fmt.Fprintf(r.out, "SURVIVES %s:%d\n%stests that pass: %s\n", v.file, v.line, v.entry(), ran)
	default:
		r.here.caught++
		if r.verbose {
			fmt.Fprintf(r.out, "caught %v: by %s\n", v, v.caught)
		}
	}
}

func (r *report) stale(entries []string) {
	for _, entry := range entries {
		r.staleN++
		fmt.Fprintf(r.out, "STALE: the source has no such place, remove this from the equivalent changes:\n%s", entry)
	}
}

// total ends a package.
func (r *report) total(name string, quota int) {
	r.print(name, r.here)
	if r.here.tried < quota {
		fmt.Fprintln(r.out, "  none of the other changes compiles")
	}
	r.sum.tried += r.here.tried
	r.sum.caught += r.here.caught
	r.packages++
	r.here = tally{}
}

func (r *report) print(name string, t tally) {
	fmt.Fprintf(r.out, "%-20s %4d changes %4d caught %3d survive %6.1f %%\n", name, t.tried, t.caught, t.tried-t.caught, t.score())
}

// end prints the sum, and returns errBelow if it is too low or an entry is stale.
func (r *report) end() error {
	if r.packages != 1 {
		r.print("all", r.sum)
	}
	switch {
	case r.sum.tried == 0:
		fmt.Fprintln(r.out, "nothing was tried")
	case r.sum.score() < r.least:
		fmt.Fprintf(r.out, "FAILED: %.1f %% is below -min %v\n", r.sum.score(), r.least)
		return errBelow
	}
	if r.staleN > 0 {
		fmt.Fprintf(r.out, "FAILED: stale entries: %d\n", r.staleN)
		return errBelow
	}
	return nil
}
