package chain

import "github.com/ouronet/ouronet/ledger"

// PeerStatus is what the core knows of a peer.
type PeerStatus struct {
	Following bool       // an intersection was found and chain-sync goes on
	Candidate ledger.Tip // of the headers it sent, while Following
	Announced ledger.Tip // what it says its tip is; not to be trusted
	Credit    int        // headers it may still send
	Ranges    int        // in flight
	InFlight  int        // bytes of them to come, estimated
}

// Peer returns the status of a peer; ok is false if it is not connected.
func (c *Core) Peer(id PeerID) (st PeerStatus, ok bool) {
	p := c.byID[id]
	if p == nil {
		return PeerStatus{}, false
	}
	st = PeerStatus{
		Following: p.phase == following, Announced: p.announced,
		Credit: p.credit, Ranges: len(p.spans), InFlight: p.flying,
	}
	if p.tip != nil {
		st.Candidate = p.tip.tip()
	}
	return st, true
}

// Stats is how much the core holds and waits for.
type Stats struct {
	Peers       int
	SideHeaders int // neither adopted nor once adopted
	OldForks    int // blocks that were adopted and rolled back
	InFlight    int // bytes asked for, estimated
	Spare       int // of InFlight, of blocks that are there or asked of others, too
	Held        int // bytes held and not adopted
	Backlog     int // bytes adopted and not consumed
	Missing     int // blocks between our chain and the best candidate

	// With Config.Judge.
	Judging  int // blocks that the judge is asked about: 1 or 0
	Deferred int // blocks that it will be asked about again, see [Later]
	Invalid  int // blocks that it found invalid, those that are remembered
}

// Stats returns the present sizes.
func (c *Core) Stats() Stats {
	return Stats{
		Peers: len(c.planner.peers), SideHeaders: c.tree.side, OldForks: c.tree.keptN,
		InFlight: c.planner.flying, Spare: c.planner.spare, Held: c.tree.heldBytes, Backlog: c.planner.backlog, Missing: c.planner.path.Len(),
		Judging: c.court.busy(), Deferred: len(c.court.waits), Invalid: len(c.court.invalid),
	}
}

// Best returns the end of the best candidate, or our tip if none is better.
func (c *Core) Best() ledger.Tip {
	if c.planner.path.Len() == 0 {
		return c.Tip()
	}
	return c.planner.path.Last().tip()
}
