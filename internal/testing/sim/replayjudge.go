package sim

import (
	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// replayedBench is what a recording tells of a judge.
type replayedBench struct {
	on     bool
	asked  *ledger.Point // about which it is asked, nil for none
	valid  map[ledger.Point]bool
	sender map[ledger.Point]chain.PeerID // of the body that came first
	about  chain.PeerID                  // that of the block it was asked about last
}

func newReplayedBench(cfg *chain.Config) replayedBench {
	return replayedBench{on: cfg.Judge, valid: make(map[ledger.Point]bool), sender: make(map[ledger.Point]chain.PeerID)}
}

func (x *replayedBench) event(ev chain.Event) *replayFault {
	if !x.on {
		return nil
	}
	switch ev := ev.(type) {
	case chain.BlockFetched:
		if _, twice := x.sender[ev.Point]; !twice {
			x.sender[ev.Point] = ev.Peer
		}
	case chain.Judged:
		if x.asked == nil || *x.asked != ev.Point {
			return faultf("valid", "block %v judged, which nobody asked for", ev.Point)
		}
		x.asked = nil
		if ev.Verdict == chain.Valid {
			x.valid[ev.Point] = true
		}
	}
	return nil
}

func (x *replayedBench) judge(e chain.Judge, held bool) *replayFault {
	p := e.Header.Point()
	switch {
	case !x.on || x.asked != nil:
		return faultf("valid", "block %v to be judged, without a judge or before the answer about %v", p, x.asked)
	case !held:
		return faultf("valid", "block %v to be judged, whose body is not held", p)
	case !e.Header.PrevIs(e.After.Point):
		return faultf("valid", "block %v to be judged after %v", p, e.After)
	}
	x.asked, x.about = &p, x.sender[p]
	return nil
}

func (x *replayedBench) adopt(p ledger.Point) *replayFault {
	if x.on && !x.valid[p] {
		return faultf("valid", "block %v adopted, which was not found valid", p)
	}
	return nil
}

// impossible reports whether an event says that a block of the peer can be valid nowhere.
func (x *replayedBench) impossible(ev chain.Event, peer chain.PeerID) bool {
	judged, ok := ev.(chain.Judged)
	return ok && judged.Verdict == chain.Impossible && x.about == peer
}

func (x *replayedBench) forget(p ledger.Point) {
	delete(x.valid, p)
	delete(x.sender, p)
}
