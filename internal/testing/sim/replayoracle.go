package sim

import (
	"fmt"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// replayed is what the oracles know of a core that is replayed.
type replayed struct {
	sums   Replayed
	prefer func(ours, cand *ledger.Header) bool

	k     int
	bare  bool    // it began with points, between which nothing is known
	line  []place // adopted, from the anchor on
	fixed int     // of line, the last one that cannot change
	held  map[ledger.Point]bool
	owed  int // bytes handed over and not given back
	peers map[chain.PeerID]*candidate
	bench replayedBench
}

// place is a block of the adopted chain. Of those of a configuration only the
// tip is known, or less.
type place struct {
	tip    ledger.Tip
	header *ledger.Header // nil if not known
}

// candidate is where the headers of a peer have come to.
type candidate struct {
	active bool // an intersection is known and chain-sync goes on
	at     ledger.Point
}

// replayFault is what an oracle has to say of a step.
type replayFault struct{ oracle, text string }

func faultf(oracle, format string, args ...any) *replayFault {
	return &replayFault{oracle, fmt.Sprintf(format, args...)}
}

func (r *replayed) begin(cfg *chain.Config) {
	r.sums.Cores++
	r.k, r.bare, r.fixed, r.owed = cfg.K, len(cfg.Points) > 0, 0, 0
	r.held, r.peers = make(map[ledger.Point]bool), make(map[chain.PeerID]*candidate)
	r.bench = newReplayedBench(cfg)
	r.line = append(r.line[:0], place{tip: cfg.Anchor})
	if r.bare {
		r.line = r.line[:0]
		for i := len(cfg.Points) - 1; i >= 0; i-- {
			r.line = append(r.line, place{tip: ledger.Tip{Point: cfg.Points[i]}})
		}
	}
	for i := range cfg.Adopted {
		h := &cfg.Adopted[i]
		r.line = append(r.line, place{h.Tip(), h})
		r.held[h.Point()] = true
	}
}

func (r *replayed) tip() *place { return &r.line[len(r.line)-1] }

// find returns where on the line a point is.
func (r *replayed) find(p ledger.Point) (i int, ok bool) {
	for i = len(r.line) - 1; i >= 0; i-- {
		if r.line[i].tip.Point == p {
			return i, true
		}
	}
	return 0, false
}

// step takes note of an event and of what followed from it.
func (r *replayed) step(ev chain.Event, effects []chain.Effect) *replayFault {
	switch ev := ev.(type) {
	case chain.BlockFetched:
		r.held[ev.Point] = true
	case chain.Consumed:
		r.owed = max(0, r.owed-max(0, ev.Bytes))
	}
	if f := r.blame(ev, effects); f != nil {
		return f
	}
	if f := r.bench.event(ev); f != nil {
		return f
	}
	before, left := *r.tip(), false
	for _, e := range effects {
		var f *replayFault
		switch e := e.(type) {
		case chain.Judge:
			f = r.bench.judge(e, r.held[e.Header.Point()])
		case chain.Adopt:
			if f = r.bench.adopt(e.Header.Point()); f == nil {
				f = r.adopt(e)
			}
		case chain.RollBack:
			left = true
			f = r.rollBack(e.Tip)
		case chain.Immutable:
			f = r.settle(e.Tip)
		case chain.Forget:
			if i, ok := r.find(e.Point); ok && i > r.fixed && !r.bare {
				f = faultf("ledger", "block %v of the chain forgotten", e.Point)
			}
			delete(r.held, e.Point)
			r.bench.forget(e.Point)
		}
		if f != nil {
			return f
		}
	}
	if left && !r.bare {
		return r.better(&before)
	}
	return nil
}

func (r *replayed) adopt(e chain.Adopt) *replayFault {
	p := e.Header.Point()
	if _, twice := r.find(p); twice {
		return faultf("ledger", "block %v adopted twice", p)
	}
	if tip := r.tip().tip; !e.Header.PrevIs(tip.Point) {
		return faultf("ledger", "block %v does not fit on %v", p, tip)
	}
	if !r.held[p] {
		return faultf("ledger", "block %v adopted, whose body is not held", p)
	}
	r.line = append(r.line, place{e.Header.Tip(), e.Header})
	r.owed += e.Bytes
	r.sums.Adopted++
	return nil
}

func (r *replayed) rollBack(to ledger.Tip) *replayFault {
	i, ok := r.find(to.Point)
	if !ok {
		return faultf("ledger", "rollback to %v, which is not on the chain", to)
	}
	if deep := len(r.line) - 1 - i; i < r.fixed || deep > r.k && !r.bare {
		return faultf("ledger", "rollback by %d blocks to %v, k is %d and %d of %d cannot change", deep, to, r.k, r.fixed, len(r.line))
	}
	r.line = r.line[:i+1]
	r.sums.RolledBack++
	return nil
}

func (r *replayed) settle(tip ledger.Tip) *replayFault {
	i, ok := r.find(tip.Point)
	if !ok || i < r.fixed {
		return faultf("ledger", "%v immutable, which is not on the chain after what is", tip)
	}
	if want := len(r.line) - 1 - r.k; !r.bare && i != want {
		return faultf("ledger", "%v immutable, which is %d before the tip, want %d", tip, len(r.line)-1-i, r.k)
	}
	for _, x := range r.line[r.fixed:i] { // stored
		delete(r.held, x.tip.Point)
		r.bench.forget(x.tip.Point)
	}
	r.line = append(r.line[:0], r.line[i:]...)
	r.fixed = 0
	return nil
}

// better says if the chain was left for one that is not better.
func (r *replayed) better(old *place) *replayFault {
	now := r.tip()
	switch a, b := old.tip.BlockNo, now.tip.BlockNo; {
	case b > a:
		return nil
	case a == b && old.header != nil && now.header != nil && r.prefer(old.header, now.header):
		return nil
	}
	return faultf("ledger", "%v was left for %v, which is not better", old.tip, now.tip)
}

// blame follows the candidates of peers, and looks at who is disconnected.
func (r *replayed) blame(ev chain.Event, effects []chain.Effect) *replayFault {
	var peer chain.PeerID // whom the event is about
	at, wrong, judged := ledger.Point{}, false, false
	switch ev := ev.(type) {
	case chain.PeerConnected:
		peer = ev.Peer
		r.peers[peer] = new(candidate)
	case chain.PeerGone:
		delete(r.peers, ev.Peer)
	case chain.Intersected:
		peer, at, judged = ev.Peer, ev.Point, true
		if c := r.peers[peer]; c != nil {
			c.active = true
		}
	case chain.RolledBack:
		peer, at, judged = ev.Peer, ev.Point, true
	case chain.Headers:
		peer, judged = ev.Peer, true
		c := r.peers[peer]
		if c == nil || !c.active {
			break
		}
		at = c.at
		for i := range ev.Headers {
			if wrong = !ev.Headers[i].PrevIs(at); wrong {
				break
			}
			at = ev.Headers[i].Point()
		}
	case chain.BadHeader:
		peer, wrong = ev.Peer, r.peers[ev.Peer] != nil
	case chain.BlockFetched:
		peer = ev.Peer
	case chain.RangeDone:
		peer = ev.Peer
	case chain.NoBlocks:
		peer = ev.Peer
	}
	blamed := false
	for _, e := range effects {
		switch e := e.(type) {
		case chain.Disconnect:
			if _, bad := e.Err.(*chain.InvalidBlockError); bad && r.bench.impossible(ev, e.Peer) {
				peer = e.Peer // the event is about its block
			}
			if e.Peer != peer || r.peers[peer] == nil {
				return faultf("blame", "peer %d disconnected by an event that is not about it: %T", e.Peer, ev)
			}
			blamed = true
			r.sums.Blamed++
			delete(r.peers, peer)
		case chain.StopChainSync:
			r.stopped(e.Peer)
		case chain.FindIntersect:
			r.stopped(e.Peer)
		}
	}
	if wrong && !blamed && (!judged || !r.bare) {
		return faultf("blame", "peer %d sent a header that is not valid, or does not follow %v, and was not blamed", peer, at)
	}
	if c := r.peers[peer]; c != nil && c.active && judged {
		c.at = at
	}
	return nil
}

// stopped is told that chain-sync with a peer ends or starts anew.
func (r *replayed) stopped(peer chain.PeerID) {
	if c := r.peers[peer]; c != nil {
		c.active = false
	}
}
