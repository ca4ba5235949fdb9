package main

import (
	"fmt"
	"slices"
	"time"
)

const (
	rangeSize = 10 // blocks
	oneWay    = 25 * time.Millisecond
)

// rows returns the whole table, in the order of DESIGN's.
func rows() []row {
	small := newChain(1000, 18_000)
	large := newChain(250, 72_000)
	return []row{
		fetchRow("block-fetch, 18 kB", "≥ 60 %, ≤ 3 allocations, ≤ 1.1 × size", lean(60), small, options{}),
		fetchRow("block-fetch, 72 kB", "≥ 60 %, ≤ 3 allocations, ≤ 1.1 × size", lean(60), large, options{}),
		fetchRow("block-fetch with body hashes, 18 kB", "≥ 60 %", atLeast(60), small, options{bodyHash: true}),
		fetchRow("block-fetch with body hashes, 72 kB", "≥ 60 %", atLeast(60), large, options{bodyHash: true}),
		serveRow("serving a block, 18 kB", "≤ 2 allocations, no copy", small),
		serveRow("serving a block, 72 kB", "≤ 2 allocations, no copy", large),
		syncRow("chain-sync", "≥ 500,000/s or ≥ 20 %, ≤ 2 allocations a side", small),
		slowSyncRow("chain-sync, 50 ms", "≥ 95 %", small),
		slowFetchRow("block-fetch, 50 ms, 18 kB", "≥ 90 %", small),
		slowFetchRow("block-fetch, 50 ms, 72 kB", "≥ 90 %", large),
		pingRow("keep-alive round trip, p50", "≤ 1.5 ×", small),
		besideRow("keep-alive while blocks stream, two ranges in flight, p99", "≤ 2 ms", 2, small),
		besideRow("the same, as many in flight as the stack will have", "", 0, small),
		idleRow("idle duplex connection, heap and stack", "≤ 40 kB, ≤ 6 goroutines"),
		crowdRow("5,000 of them, RSS", "≤ 250 MB"),
		memoryRow("heap of a relay with a data folder, 17,310 blocks", "± 10 % of that after 4,000"),
	}
}

// atLeast is a goal in percent of the baseline.
func atLeast(percent float64) func(result, float64) bool {
	return func(_ result, ratio float64) bool { return 100*ratio >= percent }
}

// lean is one that also bounds what is allocated.
func lean(percent float64) func(result, float64) bool {
	return func(r result, ratio float64) bool {
		return 100*ratio >= percent && r.allocs <= 3 && r.size <= 1.1
	}
}

// fetching measures n blocks between two stacks on one connection.
func fetching(server, client stack, c *chain, o options, oneWay time.Duration, limit int) (cost, error) {
	i, end, err := connect(server, client, c, c, o, oneWay)
	if err != nil {
		return cost{}, err
	}
	defer end()
	if err := i.fetch(c.spans(2*rangeSize, rangeSize)); err != nil { // warm up
		return cost{}, err
	}
	return scale(100, limit, func(n int) (cost, error) {
		spans := c.spans(n, rangeSize)
		return timed(n, func() error { return i.fetch(spans) })
	})
}

const noLimit = 1 << 30

// note adds what was allocated, compared with the size of a block.
func (r *result) note(c cost, ch *chain) {
	mallocs, bytes := c.each()
	r.allocs, r.size = mallocs, bytes/(float64(ch.bytes)/float64(len(ch.blocks)))
	r.notes = fmt.Sprintf("%s allocations, %s × size", number(r.allocs), number(r.size))
}

func throughput(c cost, ch *chain) result {
	mb := c.rate() * float64(ch.bytes) / float64(len(ch.blocks)) / 1e6
	return result{value: c.rate(), text: number(mb) + " MB/s"}
}

// fetchRow runs both ends; allocations are those of the fetching end, with the
// hand-written other end, which has none.
func fetchRow(name, goal string, met func(result, float64) bool, c *chain, o options) row {
	return row{name: name, goal: goal, met: met, run: func(s stack) (result, error) {
		both, err := fetching(s, s, c, o, 0, noLimit)
		if err != nil {
			return result{}, err
		}
		one, err := fetching(raw{}, s, c, o, 0, noLimit)
		r := throughput(both, c)
		r.note(one, c)
		return r, err
	}}
}

// serveRow runs the serving end against a hand-written one that keeps nothing.
func serveRow(name, goal string, c *chain) row {
	met := func(r result, _ float64) bool { return r.allocs <= 2 && r.size <= 0.1 }
	return row{name: name, goal: goal, met: met, run: func(s stack) (result, error) {
		one, err := fetching(s, raw{}, c, options{discard: true}, 0, noLimit)
		r := throughput(one, c)
		r.note(one, c)
		return r, err
	}}
}

func slowFetchRow(name, goal string, c *chain) row {
	return row{name: name, goal: goal, met: atLeast(90), run: func(s stack) (result, error) {
		both, err := fetching(s, s, c, options{}, oneWay, noLimit)
		return throughput(both, c), err
	}}
}

// syncing measures n headers, on a new connection for each n.
func syncing(server, client stack, c *chain, o options, oneWay time.Duration) (cost, error) {
	return scale(3000, 400_000, func(n int) (cost, error) {
		long := c.repeated(n + 1000) // stacks ask ahead
		i, end, err := connect(server, client, long, long, o, oneWay)
		if err != nil {
			return cost{}, err
		}
		defer end()
		return timed(n, func() error { return i.headers(n) })
	})
}

func syncRow(name, goal string, c *chain) row {
	met := func(r result, ratio float64) bool {
		return (r.value >= 500_000 || ratio >= 0.2) && r.allocs <= 2.01 // setting up counts, too
	}
	return row{name: name, goal: goal, met: met, run: func(s stack) (result, error) {
		both, err := syncing(s, s, c, options{}, 0)
		if err != nil {
			return result{}, err
		}
		taking, err := syncing(raw{}, s, c, options{}, 0)
		if err != nil {
			return result{}, err
		}
		giving, err := syncing(s, raw{}, c, options{discard: true}, 0)
		took, _ := taking.each()
		gave, _ := giving.each()
		r := headersPerSecond(both)
		r.allocs = max(took, gave)
		r.notes = fmt.Sprintf("%s + %s allocations", number(took), number(gave))
		return r, err
	}}
}

func slowSyncRow(name, goal string, c *chain) row {
	return row{name: name, goal: goal, met: atLeast(95), run: func(s stack) (result, error) {
		both, err := syncing(s, s, c, options{}, oneWay)
		return headersPerSecond(both), err
	}}
}

func headersPerSecond(c cost) result {
	return result{value: c.rate(), text: number(c.rate()) + " headers/s"}
}

func pingRow(name, goal string, c *chain) row {
	met := func(_ result, ratio float64) bool { return ratio <= 1.5 }
	return row{name: name, goal: goal, met: met, less: true, run: func(s stack) (result, error) {
		i, end, err := connect(s, s, c, c, options{}, 0)
		if err != nil {
			return result{}, err
		}
		defer end()
		d, err := pings(i, 10_000, 0)
		return percentiles(d, 50), err
	}}
}

// besideRow pings while blocks stream on the same connection. A reply waits
// behind what is in flight, whoever wrote the stack. The goal is for two ranges,
// which is about what package chain's planner has on a line this short.
func besideRow(name, goal string, ranges int, c *chain) row {
	var met func(result, float64) bool
	if goal != "" {
		met = func(r result, _ float64) bool { return r.value <= (2 * time.Millisecond).Seconds() }
	}
	return row{name: name, goal: goal, met: met, less: true, run: func(s stack) (result, error) {
		i, end, err := connect(s, s, c, c, options{beside: true, ranges: ranges}, 0)
		if err != nil {
			return result{}, err
		}
		defer end()
		stop, stopped := make(chan struct{}), make(chan error, 1)
		go func() {
			spans := c.spans(200, rangeSize)
			for {
				select {
				case <-stop:
					stopped <- nil
					return
				default:
				}
				if err := i.fetch(spans); err != nil {
					stopped <- err
					return
				}
			}
		}()
		d, err := pings(i, 1000, time.Millisecond)
		close(stop)
		if e := <-stopped; err == nil {
			err = e
		}
		return percentiles(d, 99), err
	}}
}

// pings makes up to n round trips, pausing in between, in about the time a row
// may take.
func pings(i initiator, n int, pause time.Duration) ([]time.Duration, error) {
	d := make([]time.Duration, 0, n)
	for begin := time.Now(); len(d) < n && time.Since(begin) < 2**duration; {
		start := time.Now()
		if err := i.ping(); err != nil {
			return d, err
		}
		d = append(d, time.Since(start))
		time.Sleep(pause)
	}
	slices.Sort(d)
	return d, nil
}

func percentiles(d []time.Duration, p int) result {
	if len(d) == 0 {
		return result{}
	}
	at := func(p int) time.Duration { return d[(len(d)-1)*p/100] }
	r := result{value: at(p).Seconds(), text: at(p).Round(100 * time.Nanosecond).String()}
	if p == 50 {
		r.notes = fmt.Sprintf("p99 %v", at(99).Round(100*time.Nanosecond))
	} else {
		r.notes = fmt.Sprintf("p50 %v of %d", at(50).Round(100*time.Nanosecond), len(d))
	}
	return r
}
