package relay

import (
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
	"github.com/ouronet/ouronet/node/follow"
)

// Status is a view of a running relay. The chain (Tip, Blocks, Bytes, InMemory, Folder,
// Checks) is shown as it is after a whole block or rollback; Upstream, Decided, Best,
// Sizes and Stuck as they are at the same moment, between two steps of the decisions.
// Downstream, Txs and Verified count on beside it.
type Status struct {
	Tip        ledger.Tip
	Upstream   []follow.PeerStatus
	Downstream int        // connections that others opened
	Blocks     int64      // adopted since the start
	Bytes      int64      // of them
	InMemory   int64      // bytes of blocks of the chain and of old forks
	Folder     ledger.Tip // last block of the folder, the zero Tip without one

	// Decided is the end of the chain that was decided on, and Tip follows it within
	// the step; Best is the end of the best candidate. Both are zero before the relay
	// begins to follow.
	Decided, Best ledger.Tip
	Sizes         follow.Sizes

	Removed int64 // bytes of the folder that a crash had left unusable
	Moved   int   // chunk files that were moved when the folder was opened, see [Config].DataDir

	// First is the first block of a folder that does not begin at the origin, else
	// [ledger.Origin]. Nodes that have no block from there on cannot follow the relay.
	First ledger.Point

	Txs TxStatus

	// Stuck is why no upstream peer can be followed, a [*follow.UnfollowableError], if
	// another attempt would fail, too: the peers are on another network, or in an era
	// that needs a newer version. It is nil while one peer may be followed. The relay
	// serves its chain and keeps trying.
	Stuck error

	// Verified is how many headers' signatures and proofs were checked since
	// the start, each once. Checks are those of the last block adopted.
	Verified int64
	Checks   praos.Checks
}

// TxStatus counts the transactions that came to the relay.
type TxStatus struct {
	Received int64 // since the start, from downstream peers and by [Relay.Submit]
	Passed   int64 // of them, those that an upstream peer asked for and got
	Waiting  int   // that not every upstream peer has heard of
}

// Status returns the present state, in a copy that is the caller's. It may be called at
// any time from any goroutine, also by an Observer. It waits for at most the block and the
// step of the decisions under way, never for the network.
func (r *Relay) Status() Status {
	s := Status{Downstream: int(r.served.Load())}
	if r.db != nil {
		s.Removed, s.First = r.db.Removed()+r.store.vault.removed(), r.store.first()
	}
	if r.folder != nil {
		s.Moved = r.folder.Moved()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.Tip, s.Folder, s.InMemory = r.store.sizes()
	s.Blocks, s.Bytes, s.Txs = r.blocks, r.bytes, r.txs.status()
	if r.follow != nil {
		f := r.follow.Status()
		s.Decided, s.Best, s.Sizes, s.Upstream, s.Stuck = f.Tip, f.Best, f.Sizes, f.Peers, f.Stuck
	}
	if r.verifier != nil {
		s.Verified, s.Checks = r.verifier.checked.Load(), r.verifier.last()
	}
	return s
}

// unfounded is how long a tip that a peer announced counts while no header comes
// to show for it.
const unfounded = 10 * time.Second

// AtTip reports whether at least one upstream peer is connected and our chain is at
// least as long as every connected peer announced its own. A peer is ignored if it
// sends no header for 10 s although it announced more; a peer whose chain cannot be
// followed is not.
func (s Status) AtTip() bool {
	connected := 0
	for _, p := range s.Upstream {
		if !p.Connected {
			continue
		}
		connected++
		switch {
		case !p.Announced || p.Stopped != nil:
			return false
		case p.Tip.Point == s.Tip.Point:
		case s.Tip.Point.IsOrigin():
			return false
		case p.Tip.BlockNo > s.Tip.BlockNo && (p.Reached.BlockNo > s.Tip.BlockNo || p.Heard.IsZero() || time.Since(p.Heard) < unfounded):
			return false
		}
	}
	return connected > 0
}
