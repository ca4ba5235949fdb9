package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ouronet/ouronet/conformance/interop/line"
)

const (
	rangeSize = 10 // blocks
	oneWay    = 25 * time.Millisecond
)

// rows returns the whole table, in the order of DESIGN's.
func rows() []row {
	small := newChain(1000, 18_000)
	large := newChain(250, 72_000)
	full := newChain(100, 90_000)
	return []row{
		fetchRow("block-fetch, 18 kB", "≥ 80 %, ≤ 2 allocations, ≤ 1.1 × size", lean(80), small, options{}),
		fetchRow("block-fetch, 72 kB", "≥ 80 %, ≤ 2 allocations, ≤ 1.1 × size", lean(80), large, options{}),
		fetchRow("block-fetch with body hashes, 18 kB", "≥ 60 %", atLeast(60), small, options{bodyHash: true}),
		fetchRow("block-fetch with body hashes, 72 kB", "≥ 60 %", atLeast(60), large, options{bodyHash: true}),
		serveRow("serving a block, 18 kB", "≤ 2 allocations, no copy", small),
		serveRow("serving a block, 72 kB", "≤ 2 allocations, no copy", large),
		syncRow("chain-sync", "≥ 35 %, ≤ 2 allocations a side", small),
		slowSyncRow("chain-sync, 50 ms", "≥ 95 %", small),
		slowFetchRow("block-fetch, 50 ms, 18 kB", "≥ 90 %", small),
		slowFetchRow("block-fetch, 50 ms, 72 kB", "≥ 90 %", large),
		pingRow("keep-alive round trip, p50", "≤ 1.5 ×", small),
		lineRow("keep-alive beside blocks on 20 Mbit/s, p50", "≤ 60 ms, p99 ≤ 200 ms, ≥ 97 % of the line", small),
		coldRow("a block of 90 kB after a minute's rest, 100 Mbit/s, 50 ms", full),
		idleRow("idle duplex connection, heap and stack", "≤ 28 kB, ≤ 6 goroutines"),
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
		return 100*ratio >= percent && r.allocs <= 2 && r.size <= 1.1
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
		return ratio >= 0.35 && r.allocs <= 2.01 // setting up counts, too
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
		var all []time.Duration
		for begin := time.Now(); time.Since(begin) < 2**duration; {
			i, end, err := connect(s, s, c, c, options{}, 0)
			if err != nil {
				return result{}, err
			}
			d, err := pings(i, connPings, 2**duration, 0)
			end()
			if err != nil {
				return result{}, err
			}
			all = append(all, d...)
		}
		return percentiles(all), nil
	}}
}

// connPings is how many keep-alives go over one connection, fewer than a node
// answers without a pause.
const connPings = 500

// The lines of lineRow and coldRow.
var (
	slowLine = line.Shape{Rate: 20_000_000, Queue: 50 * time.Millisecond}
	longLine = line.Shape{Rate: 100_000_000, Queue: 50 * time.Millisecond, Delay: oneWay}
)

const (
	lineWarmUp = 2 * time.Second  // after which the congestion window is as wide as it gets
	linePings  = 10 * time.Second // measured
)

// lineRow pings while blocks stream on the same connection, over a line that
// they fill. A reply waits behind what the other side has given to its kernel,
// so loopback, which no stack fills, shows nothing of it.
func lineRow(name, goal string, c *chain) row {
	met := func(r result, _ float64) bool {
		return r.value <= 0.060 && r.tail <= 0.200 && r.share >= 0.97
	}
	return row{name: name, goal: goal, met: met, less: true, run: func(s stack) (result, error) {
		l, err := open(slowLine)
		if err != nil {
			return result{}, err
		}
		defer l.Close()
		i, read, end, err := connectOver(l, s, c, options{beside: true})
		if err != nil {
			return result{}, err
		}
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			i.fetch(c.spans(1<<16, rangeSize)) // until end
		}()
		defer func() {
			end()
			<-stopped
		}()
		time.Sleep(lineWarmUp)
		before, start := read(), time.Now()
		d, err := pings(i, connPings, linePings, 20*time.Millisecond)
		rate := float64(read()-before) * 8 / time.Since(start).Seconds()
		r := percentiles(d)
		r.share = rate / slowLine.Goodput()
		r.notes += fmt.Sprintf(", %s %% of the line (%s)", number(100*r.share), l.Made)
		return r, err
	}}
}

// open makes a line with the kernel set up as it was asked for.
func open(s line.Shape) (*line.Line, error) {
	s.Congestion = *congestion
	if *sysctl != "" {
		s.Sysctl = strings.Split(*sysctl, ",")
	}
	return line.Open(s)
}

// coldRow fetches a block as a node at the tip does: after a rest, for which the
// kernel forgets how much it may have on its way.
func coldRow(name string, c *chain) row {
	return row{name: name, less: true, once: true, run: func(s stack) (result, error) {
		l, err := open(longLine)
		if err != nil {
			return result{}, err
		}
		defer l.Close()
		i, _, end, err := connectOver(l, s, c, options{beside: true})
		if err != nil {
			return result{}, err
		}
		defer end()
		if err := i.fetch(c.spans(len(c.blocks), rangeSize)); err != nil {
			return result{}, err
		}
		one := func() (time.Duration, error) {
			start := time.Now()
			err := i.fetch([]span{{0, 1}})
			return time.Since(start), err
		}
		warm, err := one()
		if err != nil {
			return result{}, err
		}
		time.Sleep(*rest)
		cold, err := one()
		if err != nil {
			return result{}, err
		}
		return result{
			value: cold.Seconds(), text: cold.Round(time.Millisecond).String(),
			notes: fmt.Sprintf("%v without the rest (%s)", warm.Round(time.Millisecond), l.Made),
		}, nil
	}}
}

// pings makes at most so many round trips for so long, pausing in between.
func pings(i initiator, most int, long, pause time.Duration) ([]time.Duration, error) {
	var d []time.Duration
	for begin := time.Now(); len(d) < most && time.Since(begin) < long; {
		start := time.Now()
		if err := i.ping(); err != nil {
			return d, err
		}
		d = append(d, time.Since(start))
		time.Sleep(pause)
	}
	return d, nil
}

// percentiles sorts d.
func percentiles(d []time.Duration) result {
	slices.Sort(d)
	if len(d) == 0 {
		return result{}
	}
	at := func(p int) time.Duration { return d[(len(d)-1)*p/100] }
	round := func(d time.Duration) time.Duration { return d.Round(max(100*time.Nanosecond, d/1000)) }
	return result{
		value: at(50).Seconds(), text: round(at(50)).String(),
		tail: at(99).Seconds(), notes: fmt.Sprintf("p99 %v", round(at(99))),
	}
}
