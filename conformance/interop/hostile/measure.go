//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

const (
	blockEach    = 100 * time.Millisecond
	newcomerEach = time.Second
	patience     = 10 * time.Second // for a newcomer, and for the last headers
	tooLarge     = 4 << 30          // bytes of a server that is given up
)

// plan is what to measure.
type plan struct {
	phase          time.Duration
	conns, hostile int
}

// The phases.
const (
	before = iota
	honest // beside the honest part of the load
	beside // beside all of it
	after
	phases
)

// part is what was measured in a phase.
type part struct {
	headers   []time.Duration // from a block at the upstream peer to its header at the follower
	lost      int             // headers that did not come
	newcomers []time.Duration // to dial, shake hands and intersect
	refused   int             // newcomers that got nowhere
	stalls    []time.Duration // how late this process woke
	rss       int             // bytes, the most there was
	cpu       float64         // cores
}

// report is what was measured of a server.
type report struct {
	parts   [phases]part
	dropped []error // ends of the follower's connection
	crowd   crowd
}

// measure starts a server and measures it in all phases.
func measure(ctx context.Context, server string, p plan) (report, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*p.phase+3*time.Minute)
	defer cancel()
	m := &measurement{chain: chaintest.New(config).Grow(firstBlocks), added: make(map[ledger.Hash]block)}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return report{}, err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		node.Serve(ctx, l, node.Config{Network: chaintest.Network(), Sources: m.chain.Sources()})
	})
	s, address, err := start(ctx, false, "-serve", server, "-upstream", l.Addr().String())
	if err != nil {
		return report{}, err
	}
	defer s.stop(nil)
	m.address, m.pid = address, s.Process.Pid

	following := make(chan struct{})
	wg.Go(func() { m.follow(ctx, following) })
	select {
	case <-following:
	case <-ctx.Done():
		return report{}, fmt.Errorf("the follower did not begin: %w", errors.Join(m.report.dropped...))
	}

	if err := m.run(ctx, before, p.phase); err != nil {
		return report{}, err
	}
	if err := m.besideLoad(ctx, p); err != nil {
		return report{}, err
	}
	rest(ctx, time.Second) // the crowd's connections end
	if err := m.run(ctx, after, p.phase); err != nil {
		return report{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.report, nil
}

// besideLoad measures beside the honest peers of the load, and then beside the
// hostile ones too.
func (m *measurement) besideLoad(ctx context.Context, p plan) (err error) {
	stop := func(load *process) {
		var c crowd
		err = errors.Join(err, load.stop(&c))
		m.report.crowd = append(m.report.crowd, c...)
	}
	well, _, err := start(ctx, true, "-load", m.address, "-conns", fmt.Sprint(p.conns-p.hostile), "-hostile", "0")
	if err != nil {
		return err
	}
	defer stop(well)
	if err := m.run(ctx, honest, p.phase); err != nil {
		return err
	}
	ill, _, err := start(ctx, true, "-load", m.address, "-conns", fmt.Sprint(p.hostile), "-hostile", fmt.Sprint(p.hostile))
	if err != nil {
		return err
	}
	defer stop(ill)
	return m.run(ctx, beside, 2*p.phase)
}

// block is when a block was added, and in which phase.
type block struct {
	at    time.Time
	phase int
}

type measurement struct {
	chain   *chaintest.Chain
	address string
	pid     int

	mu     sync.Mutex
	added  map[ledger.Hash]block // whose headers have not come
	dials  uint32                // of newcomers
	report report
}

// follow is the honest follower. It calls following when it is at the tip.
func (m *measurement) follow(ctx context.Context, following chan<- struct{}) {
	began := sync.OnceFunc(func() { close(following) })
	for again := true; again; again = rest(ctx, pause) {
		err := m.followOnce(ctx, began)
		if ctx.Err() == nil {
			m.mu.Lock()
			m.report.dropped = append(m.report.dropped, err)
			m.mu.Unlock()
		}
	}
}

func (m *measurement) followOnce(ctx context.Context, began func()) error {
	network := chaintest.Network()
	c, err := node.Dial(ctx, m.address, node.Config{Network: network, Dial: dialFrom(sourceIn(1, 1))})
	if err != nil {
		return err
	}
	defer c.Close()
	if _, _, err := c.ChainSync().Intersect(ctx, m.chain.Point(0), m.chain.Point(100)); err != nil {
		return err
	}
	for u, err := range c.ChainSync().Updates(ctx) {
		if err != nil {
			return err
		}
		now := time.Now()
		switch u := u.(type) {
		case chainsync.RollBackward:
			began()
		case chainsync.RollForward:
			h, err := network.ParseHeader(u.Header)
			if err != nil {
				return err
			}
			m.arrived(h.Hash, now)
		}
	}
	return errors.New("no more updates")
}

func (m *measurement) arrived(h ledger.Hash, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b, ok := m.added[h]; ok {
		p := &m.report.parts[b.phase]
		p.headers = append(p.headers, now.Sub(b.at))
		delete(m.added, h)
	}
}

// run measures for a while and then waits for the last headers.
func (m *measurement) run(ctx context.Context, phase int, d time.Duration) error {
	started := time.Now()
	cpu, err := cpuTime(m.pid)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	blocks, newcomers := time.NewTicker(blockEach), time.NewTicker(newcomerEach)
	defer blocks.Stop()
	defer newcomers.Stop()
	newcomer := func() { wg.Go(func() { m.newcomer(ctx, phase) }) }
	newcomer()
	wg.Go(func() { m.stalls(ctx, phase, started.Add(d)) })
	for {
		m.grow(phase)
		if err := m.size(phase); err != nil {
			return err
		}
		for grown := false; !grown && time.Since(started) < d; {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-newcomers.C:
				newcomer()
			case <-blocks.C:
				grown = true
			}
		}
		if time.Since(started) >= d {
			break
		}
	}
	now, err := cpuTime(m.pid)
	if err != nil {
		return err
	}
	wg.Wait()
	m.mu.Lock()
	m.report.parts[phase].cpu = (now - cpu).Seconds() / time.Since(started).Seconds()
	m.mu.Unlock()
	for deadline := time.Now().Add(patience); m.outstanding() > 0 && time.Now().Before(deadline); {
		if !rest(ctx, blockEach) {
			return ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.report.parts[phase].lost = len(m.added)
	clear(m.added)
	return nil
}

// grow adds a block to the upstream peer's chain. What makes the block counts,
// some 50 µs: its hash is not known before.
func (m *measurement) grow(phase int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := block{time.Now(), phase}
	m.chain.Grow(1)
	m.added[m.chain.Tip().Point.Hash] = b
}

func (m *measurement) outstanding() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.added)
}

// stalls notes how late timers wake this process, which is what the machine adds
// to everything.
func (m *measurement) stalls(ctx context.Context, phase int, until time.Time) {
	const each = 5 * time.Millisecond
	for due := time.Now().Add(each); due.Before(until) && rest(ctx, time.Until(due)); {
		now := time.Now()
		m.mu.Lock()
		m.report.parts[phase].stalls = append(m.report.parts[phase].stalls, now.Sub(due))
		m.mu.Unlock()
		due = now.Add(each)
	}
}

// size notes the server's memory.
func (m *measurement) size(phase int) error {
	n, err := rss(m.pid)
	if err != nil {
		return err
	}
	if n > tooLarge {
		return fmt.Errorf("the server has %d MB: given up", n>>20)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.report.parts[phase].rss = max(n, m.report.parts[phase].rss)
	return nil
}

// newcomer dials from an address that nobody had before.
func (m *measurement) newcomer(ctx context.Context, phase int) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m.mu.Lock()
	parts := &m.report.parts[phase]
	m.dials++
	source := sourceIn(3, m.dials)
	m.mu.Unlock()
	start := time.Now()
	c, err := node.Dial(ctx, m.address, node.Config{Network: chaintest.Network(), Dial: dialFrom(source)})
	if err == nil {
		_, _, err = c.ChainSync().Intersect(ctx, m.chain.Point(100))
		defer c.Close()
	}
	took := time.Since(start)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		parts.refused++
		return
	}
	parts.newcomers = append(parts.newcomers, took)
}

// quantile is the smallest of d that a share q of d does not exceed; 0 if there is
// none. It sorts d.
func quantile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[max(int(math.Ceil(q*float64(len(d)))), 1)-1]
}
