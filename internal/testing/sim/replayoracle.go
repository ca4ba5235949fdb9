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

	chain  Ledger[*place]
	places map[ledger.Point]*place
	peers  map[chain.PeerID]*candidate

	judging bool         // there is a judge
	asked   *place       // about which it is asked, nil for none
	about   chain.PeerID // who sent the block that it was asked about last
}

// place is a block: one of the adopted chain, or one whose body came.
type place struct {
	tip    ledger.Tip     // of those of a configuration only the point may be known
	header *ledger.Header // nil if not known
	held   bool
	sender chain.PeerID // of the body that came first, 0 if none did
	valid  bool         // a judge said so
}

// String returns the point and the number.
func (p *place) String() string { return p.tip.String() }

// at returns the block at a point.
func (r *replayed) at(p ledger.Point) *place {
	x := r.places[p]
	if x == nil {
		x = &place{tip: ledger.Tip{Point: p}}
		r.places[p] = x
	}
	return x
}

// forget lets go of all that is not known from the chain alone.
func (r *replayed) forget(x *place) {
	*x = place{tip: x.tip, header: x.header}
	if !r.chain.has(x) {
		delete(r.places, x.tip.Point)
	}
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
	r.places, r.peers = make(map[ledger.Point]*place), make(map[chain.PeerID]*candidate)
	r.judging, r.asked = cfg.Judge, nil
	r.chain.K, r.chain.Bare = cfg.K, len(cfg.Points) > 0
	var line []*place
	if r.chain.Bare {
		for i := len(cfg.Points) - 1; i >= 0; i-- {
			line = append(line, r.at(cfg.Points[i]))
		}
	} else {
		line = append(line, r.at(cfg.Anchor.Point))
		line[0].tip = cfg.Anchor
	}
	for i := range cfg.Adopted {
		h := &cfg.Adopted[i]
		x := r.at(h.Point())
		x.tip, x.header, x.held = h.Tip(), h, true
		line = append(line, x)
	}
	r.chain.Begin(line, 0)
}

// step takes note of an event and of what followed from it.
func (r *replayed) step(ev chain.Event, effects []chain.Effect) *replayFault {
	switch ev := ev.(type) {
	case chain.BlockFetched:
		x := r.at(ev.Point)
		if x.held = true; x.sender == 0 {
			x.sender = ev.Peer
		}
	case chain.Consumed:
		r.chain.Owed = max(0, r.chain.Owed-max(0, ev.Bytes))
	}
	if f := r.blame(ev, effects); f != nil {
		return f
	}
	if ev, ok := ev.(chain.Judged); ok && r.judging {
		if r.asked == nil || r.asked.tip.Point != ev.Point {
			return faultf("valid", "block %v judged, which nobody asked for", ev.Point)
		}
		x := r.at(ev.Point) // another one if the block was forgotten meanwhile
		x.valid, r.asked = x.valid || ev.Verdict == chain.Valid, nil
	}
	r.chain.Step()
	for _, e := range effects {
		var err error
		switch e := e.(type) {
		case chain.Judge:
			if f := r.judge(e); f != nil {
				return f
			}
		case chain.Adopt:
			x := r.at(e.Header.Point())
			if r.judging && !x.valid {
				return faultf("valid", "block %v adopted, which was not found valid", x)
			}
			err = r.chain.Adopt(x, e.Header.PrevIs(r.chain.Tip().tip.Point), x.held, e.Bytes)
			x.tip, x.header = e.Header.Tip(), e.Header
			r.sums.Adopted++
		case chain.RollBack:
			_, err = r.chain.RollBack(r.at(e.Tip.Point))
			r.sums.RolledBack++
		case chain.Immutable:
			err = r.chain.Immutable(r.at(e.Tip.Point))
			for _, x := range r.chain.Drop() {
				r.forget(x)
			}
		case chain.Forget:
			x := r.at(e.Point)
			if r.chain.loose(x) && !r.chain.Bare {
				return faultf("ledger", "block %v of the chain forgotten", x)
			}
			r.forget(x)
		}
		if err != nil {
			return faultf("ledger", "%v", err)
		}
	}
	if err := r.chain.Done(r.better); err != nil {
		return faultf("ledger", "%v", err)
	}
	return nil
}

func (r *replayed) judge(e chain.Judge) *replayFault {
	x := r.at(e.Header.Point())
	switch {
	case !r.judging || r.asked != nil:
		return faultf("valid", "block %v to be judged, without a judge or before the answer about %v", x, r.asked)
	case !x.held:
		return faultf("valid", "block %v to be judged, whose body is not held", x)
	case !e.Header.PrevIs(e.After.Point):
		return faultf("valid", "block %v to be judged after %v", x, e.After)
	}
	r.asked, r.about = x, x.sender
	return nil
}

// better reports whether the chain that ends with now is better than that with old.
func (r *replayed) better(old, now *place) bool {
	a, b := old.tip.BlockNo, now.tip.BlockNo
	return b > a || a == b && old.header != nil && now.header != nil && r.prefer(old.header, now.header)
}

// impossible reports whether an event says that a block of the peer can be valid nowhere.
func (r *replayed) impossible(ev chain.Event, peer chain.PeerID) bool {
	judged, ok := ev.(chain.Judged)
	return r.judging && ok && judged.Verdict == chain.Impossible && r.about == peer
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
			if _, bad := e.Err.(*chain.InvalidBlockError); bad && r.impossible(ev, e.Peer) {
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
	if wrong && !blamed && (!judged || !r.chain.Bare) {
		return faultf("blame", "peer %d sent a header that is not valid, or does not follow %v, and was not blamed", peer, at)
	}
	if c := r.peers[peer]; c != nil && c.active && judged {
		c.at = at
	}
	return nil
}

// stopped records that chain-sync with a peer ends or starts anew.
func (r *replayed) stopped(peer chain.PeerID) {
	if c := r.peers[peer]; c != nil {
		c.active = false
	}
}
