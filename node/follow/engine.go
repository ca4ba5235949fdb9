package follow

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/internal/logging"
	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/ledger"
)

// eventQueue is how many events may wait for the engine before connections do.
const eventQueue = 256

// message is an event for the core, with what stays outside of it.
type message struct {
	event chain.Event
	block ledger.Block // of a chain.BlockFetched
	link  *link        // of a chain.PeerConnected
	taken wake.One     // receives when all has been done that follows; or nil

	// ended, with a chain.PeerGone or without an event, is why the last attempt to
	// follow the peer at address ended.
	address string
	ended   error

	// caught, without an event, is closed once our chain is as long as the link's
	// candidate.
	caught chan struct{}
}

// Engine owns the chain core: one goroutine, that of [Engine.Run], takes events from
// the connections that are attached and hands effects back to them. It waits for none
// of them. Its methods may be called from any goroutine.
//
// [Follow] is an Engine with connections that it dials itself. Your own Engine follows
// on connections that you dialled or accepted, and leaves them open.
type Engine struct {
	cfg    Config
	log    *slog.Logger
	events chan message
	out    outbox
	epoch  time.Time

	ctx    context.Context // ends with the run; its cause is why
	cancel context.CancelCauseFunc

	lastPeer atomic.Uint64 // numbers hot spells: a chain.PeerID

	// mu guards what Status shows. It is held for a step of the core and for changes of
	// single fields, never while anything else is called.
	mu    sync.Mutex
	core  *chain.Core // run alone steps it, and may read it without mu
	peers []*upstream // those of a Follower, or those that are attached
	stuck *UnfollowableError

	// Owned by run.
	links  map[chain.PeerID]*link
	bodies Bodies
	at     ledger.Tip       // the end of our chain, as bodies has it
	change change           // of it, by the effects of the step so far
	own    []chain.Event    // events that follow from effects
	start  ledger.Tip       // where this run began
	begun  bool             // a peer has confirmed where, and the first event is on its way
	tip    ledger.Tip       // the highest of those that peers announce
	failed map[string]error // by address: why a peer cannot be followed, however often it is tried
	catch  []message        // those whose caught is not closed yet
	over   bool             // the end of the run is on its way to the loop

	bench bench // of the judge, if there is one

	decisions      Decisions // nil if nothing is recorded, or no more
	input, effects []byte    // scratch
}

// newEngine makes an engine that starts at the anchor of the configuration, which
// is complete, or, if that has none, at points. It ends with ctx.
func newEngine(ctx context.Context, of Config, points []ledger.Point) (*Engine, error) {
	cfg := of.core()
	if of.Anchor != nil {
		cfg.Anchor, cfg.Adopted = *of.Anchor, of.Adopted
	} else {
		cfg.Points = newestFirst(points)
	}
	core, err := chain.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("follow: where to start: %w", err)
	}
	e := &Engine{
		cfg:    of,
		log:    logging.Of(of.Logger, logging.Follow),
		events: make(chan message, eventQueue),
		epoch:  time.Now(),
		core:   core,
		links:  make(map[chain.PeerID]*link),
		bodies: of.Bodies,
		start:  core.Tip(),
		at:     core.Tip(),
		failed: make(map[string]error),
		bench:  newBench(),
	}
	if e.bodies == nil {
		e.bodies = newMemory()
	}
	if core.Anchor() != cfg.Anchor && len(cfg.Points) == 0 { // more than k were adopted
		e.bodies.Immutable(core.Anchor())
	}
	e.ctx, e.cancel = context.WithCancelCause(ctx)
	if e.decisions = of.Decisions; e.decisions != nil {
		e.input = chain.AppendConfig(e.input, &cfg)
		e.record(nil)
	}
	e.out.ready = wake.NewOne()
	return e, nil
}

// newestFirst sorts points as the core wants them, each once. Of too many, it
// leaves out those before the last, which says how far back it may go.
func newestFirst(points []ledger.Point) []ledger.Point {
	points = slices.Clone(points)
	slices.SortFunc(points, func(a, b ledger.Point) int {
		// The origin has the lowest slot and hash of all.
		return cmp.Or(cmp.Compare(b.Slot, a.Slot), bytes.Compare(b.Hash[:], a.Hash[:]))
	})
	points = slices.Compact(points)
	if n := len(points); n > chain.MaxPoints {
		points = append(points[:chain.MaxPoints-1], points[n-1])
	}
	return points
}

// send hands a message to the engine; it reports false if ctx ended first.
func (e *Engine) send(ctx context.Context, m message) bool {
	select { // what still came before an end is not left to chance
	case e.events <- m:
		return true
	default:
	}
	select {
	case e.events <- m:
		return true
	case <-ctx.Done():
		return false
	}
}

func (e *Engine) run(ctx context.Context) {
	if e.cfg.Judge != nil {
		var judging sync.WaitGroup
		judging.Go(func() { e.judge(ctx) })
		defer judging.Wait()
	}
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	ticked := false // since the last message
	for e.ctx.Err() == nil {
		for len(e.own) > 0 {
			ev := e.own[0]
			e.own = e.own[1:]
			e.step(ev)
		}
		var tick <-chan time.Time
		if at, ok := e.core.Deadline(); ok {
			wait := at - time.Since(e.epoch)
			// What is due comes before what waits; but only once, for with a
			// StallTimeout that is shorter than a step something always is.
			if wait <= 0 && !ticked && ctx.Err() == nil {
				ticked = true
				e.step(chain.Tick{})
				continue
			}
			timer.Reset(wait)
			tick = timer.C
		}
		ticked = false
		select {
		case m := <-e.events:
			e.accept(m)
			if m.taken != nil {
				m.taken.Wake()
			}
		case j := <-e.bench.answers:
			e.judged(j)
		case <-tick:
			e.step(chain.Tick{})
		case <-ctx.Done():
			return
		}
	}
}

// accept gives a message to the core.
func (e *Engine) accept(m message) {
	if m.ended != nil {
		defer e.recordEnd(m.address, m.ended)
	}
	switch ev := m.event.(type) {
	case nil:
		if m.caught != nil {
			e.catch = append(e.catch, m)
			e.catchUp()
		}
		return
	case chain.PeerConnected:
		e.links[ev.Peer] = m.link
	case chain.Intersected:
		e.recordTip(ev.Peer, ev.Tip)
		if ev.Point == e.start.Point {
			e.begin()
		}
		// A header of an unknown era comes after an intersection.
		if l := e.links[ev.Peer]; l != nil && !errors.As(e.failed[l.upstream.address], new(*ledger.UnknownEraError)) {
			e.markFollowable(l.upstream.address)
		}
	case chain.RolledBack:
		e.recordTip(ev.Peer, ev.Tip)
	case chain.Headers:
		e.recordTip(ev.Peer, ev.Tip)
		if l := e.links[ev.Peer]; l != nil {
			e.markFollowable(l.upstream.address)
		}
	case chain.PeerGone:
		e.recordTip(ev.Peer, ledger.Tip{})
		delete(e.links, ev.Peer)
		e.catch = slices.DeleteFunc(e.catch, func(m message) bool { return m.link.id == ev.Peer })
	case chain.BlockFetched:
		l := e.links[ev.Peer]
		if l == nil {
			return // disconnected: the core would not tell us to forget it
		}
		if ev.Point == e.core.Anchor().Point {
			break // it came a second time, and is stored
		}
		e.bodies.Hold(Body{m.block, l.upstream.address})
	}
	e.step(m.event)
}

// step lets the core decide and does what it says.
func (e *Engine) step(ev chain.Event) {
	now := time.Since(e.epoch)
	e.mu.Lock()
	effects := e.core.Step(now, ev)
	e.mu.Unlock()
	if e.decisions != nil {
		e.input = chain.AppendEvent(e.input[:0], now, ev)
		e.record(effects)
	}
	for _, effect := range effects {
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
			e.endChainSync(effect)
		case chain.Disconnect:
			if l := e.links[effect.Peer]; l != nil {
				e.recordTip(effect.Peer, ledger.Tip{})
				delete(e.links, effect.Peer)
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
		case chain.Judge:
			e.ask(effect)
		case chain.Adopt:
			e.change.adopt(effect)
		case chain.RollBack:
			if !e.commit() {
				return
			}
			e.change.back(effect.Tip)
		case chain.Immutable:
			if !e.commit() {
				return
			}
			e.bodies.Immutable(effect.Tip)
		case chain.Forget:
			if !e.commit() {
				return
			}
			e.bodies.Drop(effect.Point)
		}
	}
	e.commit()
}

// begin yields the first event, where the run starts, unless it is under way.
func (e *Engine) begin() {
	if !e.begun {
		e.begun = true
		e.out.push(item{back: e.start})
	}
}

// recordTip keeps what a peer says is the end of its chain, zero if that does not
// count any more. Of two that are equally long, the one with the lower hash counts.
func (e *Engine) recordTip(id chain.PeerID, tip ledger.Tip) {
	l := e.links[id]
	if l == nil || l.announced == tip {
		return
	}
	before := l.announced
	if l.announced = tip; higher(tip, e.tip) {
		e.tip = tip
	}
	if before != e.tip {
		return
	}
	e.tip = ledger.Tip{}
	for _, l := range e.links { // any order
		if higher(l.announced, e.tip) {
			e.tip = l.announced
		}
	}
}

func higher(a, b ledger.Tip) bool {
	return a.BlockNo > b.BlockNo || a.BlockNo == b.BlockNo && bytes.Compare(a.Point.Hash[:], b.Point.Hash[:]) < 0
}

// record hands on e.input and the effects that came of it.
func (e *Engine) record(effects []chain.Effect) {
	e.effects = chain.AppendEffects(e.effects[:0], effects)
	if err := e.decisions.Step(e.input, e.effects); err != nil {
		e.log.LogAttrs(context.Background(), slog.LevelWarn, "the decisions are recorded no further", slog.Any("error", err))
		e.decisions, e.input, e.effects = nil, nil, nil
	}
}

// catchUp tells who waits for our chain to be as long as theirs.
func (e *Engine) catchUp() {
	e.catch = slices.DeleteFunc(e.catch, func(m message) bool {
		if st, _ := e.core.Peer(m.link.id); e.core.Tip().BlockNo < st.Candidate.BlockNo {
			return false
		}
		close(m.caught)
		return true
	})
}
