package relay

import (
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
)

// Observer has functions that are called when the relay's chain changes; each may be
// nil. Config.Follow.Observer has those for connections.
type Observer struct {
	// Event is called with every block and rollback once it is stored and announced.
	// While it runs no block goes to the folder, and Status.Tip may be ahead of it by
	// up to Follow.Chain.MaxBytes bytes of blocks.
	Event func(follow.Event)

	// Resuming reports progress about once a second while the headers of the folder are
	// read at the start.
	Resuming func(at, tip ledger.Tip)
}
