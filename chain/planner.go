package chain

import (
	"time"

	"github.com/ouronet/ouronet/internal/queue"
	"github.com/ouronet/ouronet/ledger"
)

// planner decides which blocks to ask of which peer. setTarget gives it the candidate
// whose blocks to fetch; fetch.go reports what came and what will not come; plan asks
// for more.
type planner struct {
	cfg *Config
	out *effects

	now, before time.Duration // of this step, and of the last one

	peers []*peer // in order of connection

	remembered []lateness // of addresses, the last one to be left last

	policy policy // of this step

	// The way to the best candidate: from the block after our chain to the end
	// of the candidate. All before cursor is held or in flight.
	path    queue.Queue[*block]
	pathNo  uint64 // counts changes but for adoption
	cursor  int
	readyN  int // blocks at the start of path that are ready
	lacking int // blocks of path that are not held

	// Bytes of blocks, see Config.MaxBytes: to come, and adopted but not consumed. Of
	// flying, spare are those of no use; twice are those of ranges asked for although
	// another peer was to send them.
	flying, backlog, spare, twice int

	judging bool // blocks that are there are not adopted because the judge has not found them valid yet

	ghosts map[ledger.Hash]*ghost // of blocks that left the tree

	hurryAt time.Duration // when to look at the head of path again, 0 for no time

	noPeer noPeer

	lastRange RangeID

	route []*block // scratch
}

// noPeer is what choose found at the end of a step: no peer for the block of, when path
// had a number; nil if it found one, or was not asked. It finds none in the next step
// either if that is about a Consumed, which changes nothing that choose looks at.
type noPeer struct {
	of   *block
	path uint64
}

// holds reports whether there is still no peer for b. All other events forget what
// choose found, and so does what changes a peer without an effect; for the rest, look at
// the effects of this step, at path, and at the clock.
func (x noPeer) holds(pl *planner, b *block) bool {
	if b != x.of || pl.pathNo != x.path || len(*pl.out) > 0 {
		return false
	}
	for _, p := range pl.peers {
		if pl.passed(p.idleTill) || pl.passed(p.lateTill) {
			return false
		}
	}
	return true
}

// passed reports whether it was too early for at in the last step, and is not now.
func (pl *planner) passed(at time.Duration) bool { return pl.before < at && at <= pl.now }

// run asks for what is lacking, as far as the bounds allow. Our chain ends in slot ours;
// of the blocks beside it, heldBytes are there.
func (pl *planner) run(ours ledger.Slot, heldBytes int) {
	if pl.path.Len() > 0 {
		far := pl.path.Last().point.Slot > ours+farSlots
		pl.policy = choosePolicy(pl.lacking, far, pl.cfg.FetchPeers)
	}
	pl.hurry() // before the others' room is spent on what comes later
	if pl.plan(heldBytes) {
		pl.noPeer.of = nil
		pl.hurry()
	}
}
