package sim

import (
	"fmt"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

const (
	// settleTime is how long after the last block and fault all nodes must have
	// the best chain: more than the longest pause of a core (180 s) and of
	// chain-sync (300 s) together.
	settleTime = 900 * time.Second

	lookEvery = 5 * time.Second

	// maxEvents ends a run that does not end.
	maxEvents = 20_000_000
)

// Result is what came of a run.
type Result struct {
	Scenario Scenario
	Seed     uint64
	Failure  *Failure // nil if all oracles are content

	Events                                               int           // taken from the heap
	Trace                                                uint64        // hash of all events and effects
	Time                                                 time.Duration // virtual
	Adopted                                              int           // blocks, all nodes together
	RolledBack, Fetches, Cancelled, Stopped, Blamed, Txs int
}

// String returns the run in one line, which ends with the command that
// repeats it.
func (r *Result) String() string {
	verdict := "ok"
	if r.Failure != nil {
		verdict = "FAILED: " + r.Failure.Error()
	}
	return fmt.Sprintf("%s: %d events, %v virtual, %d blocks adopted, %d rollbacks, %d ranges, %d blamed, %d txs, trace %016x: %s",
		verdict, r.Events, r.Time.Round(time.Millisecond), r.Adopted, r.RolledBack, r.Fetches, r.Blamed, r.Txs, r.Trace,
		r.Scenario.Command(r.Seed))
}

// Run plays a scenario. Equal arguments give equal results.
func Run(sc Scenario, seed uint64) *Result {
	w := newWorld(sc, seed, false)
	w.play()
	w.result.Scenario, w.result.Seed = sc, seed
	if sc.Alone && w.failure == nil {
		alone := newWorld(sc, seed, true)
		alone.play()
		if w.failure = alone.failure; w.failure == nil {
			w.watch.heldUp(alone)
		}
	}
	w.result.Time, w.result.Failure = w.now, w.failure
	return &w.result
}

func (w *world) play() {
	w.agenda.plan(w.plot.Quiet+lookEvery, look)
	for w.failure == nil && len(w.agenda.heap) > 0 && !w.draining {
		w.next()
	}
	w.drain()
}

// next takes one event.
func (w *world) next() {
	at, e := w.agenda.next()
	w.now = at
	w.result.Events++
	w.note(uint64(at), uint64(e.kind), uint64(uint32(e.a)))
	if w.result.Events > maxEvents {
		w.fail("unbounded", "more than %d events", maxEvents)
		return
	}
	w.take(e)
	w.agenda.done(e)
}

// note adds to the trace.
func (w *world) note(xs ...uint64) {
	h := w.result.Trace
	for _, x := range xs {
		h = (h ^ x) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	w.result.Trace = h
}

func (w *world) take(e *event) {
	c := e.conn
	if c != nil && !c.up {
		w.tooLate(c, e)
		return
	}
	switch e.kind {
	case connect:
		w.dial(e.up)
	case tick:
		e.node.step(chain.Tick{})
	case consume:
		e.node.consumed()
	case judgement:
		if int(e.b) == e.node.alive {
			e.node.judged(blockID(e.a))
		}
	case move:
		w.planMove()
		e.node.move(blockID(e.a))
	case fault:
		w.fault(Fault(e.a), e.node, int(e.b))
	case hasten:
		c.latency /= 20
		c.delayed = false
	case submit:
		w.submitTx(e.node)
	case look:
		w.look()
	case serverFind:
		c.serveFind(w, e.points)
	case serverNext:
		c.pending += int(e.a)
		c.serve(w)
	case serverRange:
		c.serveRange(w, e.ask)
	case serverTx:
		w.offerTxs(e.stream, e.tx)
	case clientFound:
		c.found(w, e)
	case clientHeaders:
		w.watch.arrivedAfter(c, w.now-e.sent)
		c.headers(w, blockID(e.a), int(e.b), e.tip)
	case clientBack:
		c.rolledBack(w, blockID(e.a), e.tip)
	case clientBlock:
		c.block(w, e.ask, blockID(e.a), e.flag)
	case clientDone:
		c.over(w, e.ask, false)
	case clientNone:
		c.over(w, e.ask, true)
	case clientTx:
		w.takeTxs(e.stream, e.tx, e.flag)
	case rangeLimit:
		c.timeOut(w)
	case drainLimit:
		c.drained(w)
	case syncLimit:
		w.end(c)
	case resetByPeer:
		w.end(c)
	}
}

// tooLate is told of what comes of a connection that is no more. Some of it gets
// through to the core, as what waits in a queue of events does; it must not do
// anything.
func (w *world) tooLate(c *conn, e *event) {
	var ev chain.Event
	switch e.kind {
	case clientFound:
		ev = chain.Intersected{Peer: c.id, Point: w.tree.point(blockID(e.a)), Tip: e.tip}
		if e.flag {
			ev = chain.NoIntersection{Peer: c.id, Tip: e.tip}
		}
	case clientHeaders:
		ev = chain.Headers{Peer: c.id, Headers: []ledger.Header{w.tree.blocks[e.a].h}, Tip: e.tip}
	case clientBack:
		ev = chain.RolledBack{Peer: c.id, Point: w.tree.point(blockID(e.a)), Tip: e.tip}
	case clientBlock:
		ev = chain.BlockFetched{Peer: c.id, Range: e.ask.id, Point: w.tree.point(blockID(e.a))}
	case clientDone:
		ev = chain.RangeDone{Peer: c.id, Range: e.ask.id}
	case clientNone:
		ev = chain.NoBlocks{Peer: c.id, Range: e.ask.id}
	default:
		return
	}
	if c.client.core != nil && c.client.alive == c.alive {
		c.client.step(ev)
	}
}

// look starts to drain once all nodes have the best chain.
func (w *world) look() {
	w.watch.remembered()
	behind := ""
	best := w.plot.Blocks[w.plot.Best].Height
	for _, n := range w.nodes[:w.sc.Nodes] {
		if have := len(n.chain) - 1; have < best || w.sc.Judged && n.tip() != blockID(w.plot.Best) {
			behind = fmt.Sprintf("%v, the best chain has %d: %+v", n, best, n.core.Stats())
		}
		if len(n.pool.order) < w.submitted {
			behind = fmt.Sprintf("%v has %d of %d transactions", n, len(n.pool.order), w.submitted)
		}
	}
	switch {
	case behind == "":
		w.draining = true
	case w.now > w.plot.Quiet+settleTime:
		w.fail("progress", "%s", behind)
	default:
		w.agenda.plan(w.now+lookEvery, look)
	}
}

// drain takes all peers away and lets all applications finish.
func (w *world) drain() {
	w.draining = true
	for _, n := range w.nodes[:w.sc.Nodes] {
		for len(n.conns) > 0 && w.failure == nil {
			w.end(n.conns[0])
		}
	}
	for _, n := range w.nodes[:w.sc.Nodes] {
		for len(n.owed) > 0 && w.failure == nil {
			n.busy = true
			n.consumed()
		}
		for n.asked != 0 && w.failure == nil {
			n.judged(n.asked)
		}
		if w.failure == nil {
			w.watch.drained(n)
		}
	}
}

// count adds an effect to the trace and the sums.
func (w *world) count(e chain.Effect) {
	hash := func(t ledger.Tip) uint64 {
		return uint64(t.BlockNo)<<32 ^ uint64(t.Point.Slot) ^ uint64(t.Point.Hash[0])<<56
	}
	switch e := e.(type) {
	case chain.FindIntersect:
		w.note(1, uint64(e.Peer), uint64(len(e.Points)))
	case chain.RequestHeaders:
		w.note(2, uint64(e.Peer), uint64(e.N))
	case chain.StopChainSync:
		w.result.Stopped++
		w.note(3, uint64(e.Peer), uint64(e.Retry))
	case chain.Disconnect:
		w.note(4, uint64(e.Peer))
	case chain.Fetch:
		w.result.Fetches++
		w.note(5, uint64(e.Peer), uint64(e.Range), uint64(len(e.Headers)))
	case chain.CancelFetch:
		w.result.Cancelled++
		w.note(6, uint64(e.Peer), uint64(e.Range))
	case chain.Judge:
		w.note(11, hash(e.Header.Tip()), hash(e.After))
	case chain.Adopt:
		w.result.Adopted++
		w.note(7, hash(e.Header.Tip()))
	case chain.RollBack:
		w.result.RolledBack++
		w.note(8, hash(e.Tip))
	case chain.Immutable:
		w.note(9, hash(e.Tip))
	case chain.Forget:
		w.note(10, uint64(e.Point.Slot), uint64(e.Point.Hash[0]))
	}
}
