package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// errDeeperFork: every peer left our chain below the point we started from.
var errDeeperFork = errors.New("node: the chain forked below the starting point")

// eventQueue is how many events may wait for the engine before connections do.
const eventQueue = 256

// message is an event for the core, with what stays outside of it.
type message struct {
	event chain.Event
	block ledger.Block // of a chain.BlockFetched
	link  *link        // of a chain.PeerConnected
}

// engine owns the chain core: one goroutine takes events from the connections
// and hands effects back to them. It never waits for any of them.
type engine struct {
	f      *Follower
	log    *zap.Logger
	cancel context.CancelCauseFunc
	events chan message
	out    outbox
	start  time.Time

	// Where to start; located is closed when anchor is set.
	points  []ledger.Point
	located chan struct{}
	mu      sync.Mutex
	anchor  *ledger.Tip
	without map[string]bool // peers that have none of points

	// Owned by run.
	core   *chain.Core
	links  map[chain.PeerID]*link
	blocks map[ledger.Point]ledger.Block // held bodies
	recent []ledger.Point                // adopted blocks whose bodies are held, oldest first
	own    []chain.Event                 // events that follow from effects
}

func newEngine(f *Follower, points []ledger.Point, cancel context.CancelCauseFunc) *engine {
	e := &engine{
		f:       f,
		log:     f.cfg.Logger,
		cancel:  cancel,
		events:  make(chan message, eventQueue),
		start:   time.Now(),
		points:  points,
		located: make(chan struct{}),
		without: make(map[string]bool),
		links:   make(map[chain.PeerID]*link),
		blocks:  make(map[ledger.Point]ledger.Block),
	}
	e.out.ready = make(chan struct{}, 1)
	switch {
	case f.cfg.Anchor != nil:
		e.locate(*f.cfg.Anchor)
	case len(points) == 0 || points[0].IsOrigin():
		e.locate(ledger.Tip{})
	}
	return e
}

// locate settles where to start. Only the first call counts.
func (e *engine) locate(anchor ledger.Tip) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.anchor == nil {
		e.anchor = &anchor
		close(e.located)
	}
}

// unlocated notes that a peer has none of the points to start at.
func (e *engine) unlocated(address string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.without[address] = true
	if len(e.without) == len(e.f.cfg.Peers) && e.anchor == nil {
		e.cancel(ErrNoIntersect)
	}
}

// older returns the points below the one we started from.
func (e *engine) older() []ledger.Point {
	e.mu.Lock()
	defer e.mu.Unlock()
	var points []ledger.Point
	for _, p := range e.points {
		if e.anchor != nil && p.Slot < e.anchor.Point.Slot {
			points = append(points, p)
		}
	}
	return points
}

// send hands a message to the engine; it reports false if ctx ended first.
func (e *engine) send(ctx context.Context, m message) bool {
	select {
	case e.events <- m:
		return true
	case <-ctx.Done():
		return false
	}
}

func (e *engine) run(ctx context.Context) {
	select {
	case <-e.located:
	case <-ctx.Done():
		return
	}
	cfg := e.f.cfg.Chain
	cfg.Anchor = *e.anchor
	core, err := chain.New(cfg)
	if err != nil {
		e.cancel(err)
		return
	}
	e.core = core
	e.out.push(item{event: RollBackward{cfg.Anchor}})
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		for len(e.own) > 0 {
			ev := e.own[0]
			e.own = e.own[1:]
			e.step(ev)
		}
		var tick <-chan time.Time
		if at, ok := e.core.Deadline(); ok {
			timer.Reset(max(0, at-time.Since(e.start)))
			tick = timer.C
		}
		select {
		case m := <-e.events:
			e.take(m)
		case <-tick:
			e.step(chain.Tick{})
		case <-ctx.Done():
			return
		}
	}
}

// take gives a message to the core.
func (e *engine) take(m message) {
	switch ev := m.event.(type) {
	case chain.PeerConnected:
		e.links[ev.Peer] = m.link
	case chain.PeerGone:
		delete(e.links, ev.Peer)
	case chain.BlockFetched:
		e.blocks[ev.Point] = m.block
	}
	e.step(m.event)
}

// step lets the core decide and does what it says.
func (e *engine) step(ev chain.Event) {
	for _, effect := range e.core.Step(time.Since(e.start), ev) {
		switch effect := effect.(type) {
		case chain.FindIntersect:
			if l := e.links[effect.Peer]; l != nil {
				l.find(effect.Points)
			}
		case chain.RequestHeaders:
			if l := e.links[effect.Peer]; l != nil {
				l.grant(effect.N)
			}
		case chain.StopChainSync:
			e.stop(effect)
		case chain.Disconnect:
			if l := e.links[effect.Peer]; l != nil {
				l.conn.Fail(blame(effect.Err))
			}
		case chain.Fetch:
			if l := e.links[effect.Peer]; l != nil {
				l.fetch(effect)
			}
		case chain.CancelFetch:
			if l := e.links[effect.Peer]; l != nil && l.cancelFetch(effect.Range) {
				e.own = append(e.own, chain.FetchFailed(effect))
			}
		case chain.Adopt:
			e.adopt(effect)
		case chain.RollBack:
			e.out.push(item{event: RollBackward{effect.Tip}})
			e.forgetRecent(effect.Tip.Point)
		case chain.Immutable:
			e.settle(effect.Tip.Point)
		case chain.Forget:
			delete(e.blocks, effect.Point)
		}
	}
}

func (e *engine) adopt(a chain.Adopt) {
	p := a.Header.Point()
	block, ok := e.blocks[p]
	if !ok {
		e.cancel(fmt.Errorf("node: internal error: block %v was adopted without being held", p))
		return
	}
	e.recent = append(e.recent, p)
	e.out.push(item{RollForward{block}, a.Bytes})
}

// forgetRecent drops the points after p from the adopted ones. Their bodies
// stay: the core tells when they can go.
func (e *engine) forgetRecent(p ledger.Point) {
	for n := len(e.recent); n > 0 && e.recent[n-1] != p; n-- {
		e.recent = e.recent[:n-1]
	}
}

// settle drops the bodies up to p, which can no longer be rolled back.
func (e *engine) settle(p ledger.Point) {
	for len(e.recent) > 0 {
		oldest := e.recent[0]
		if oldest.Slot > p.Slot {
			return
		}
		delete(e.blocks, oldest)
		e.recent = e.recent[1:]
		if oldest == p {
			return
		}
	}
}

// stop ends chain-sync with a peer without blame. If that leaves nobody on our
// chain and we started from a point that may itself have been rolled back, we
// start again from an older one.
func (e *engine) stop(s chain.StopChainSync) {
	l := e.links[s.Peer]
	if l == nil {
		return
	}
	l.log.Info("stop following", zap.Error(s.Err), zap.Duration("retry", s.Retry))
	l.stop()
	e.mu.Lock()
	start := *e.anchor
	e.mu.Unlock()
	if e.f.cfg.Anchor != nil || start.Point.IsOrigin() || e.core.Tip() != start || len(e.older()) == 0 {
		return
	}
	for id := range e.links { // any order: all are asked the same
		if status, _ := e.core.Peer(id); status.Following {
			return
		}
	}
	e.cancel(errDeeperFork)
}

// blame makes a peer's fault out of what the core found.
func blame(err error) error {
	v := &protocol.ViolationError{Protocol: "chain-sync", Message: "MsgRollForward", Err: err}
	var unavailable *chain.UnavailableError
	var wrong *chain.RangeError
	var intersection *chain.IntersectionError
	switch {
	case errors.As(err, &unavailable):
		v.Protocol, v.Message = "block-fetch", blockfetch.NoBlocks{}.Label()
	case errors.As(err, &wrong):
		v.Protocol, v.Message = "block-fetch", blockfetch.Block{}.Label()
	case errors.As(err, &intersection):
		v.Message = "MsgIntersectFound"
	}
	return v
}
