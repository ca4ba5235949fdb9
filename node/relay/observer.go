package relay

import (
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
)

// Observer has functions that are called when the relay's chain changes; each may be
// nil. Config.Follow.Observer has those for connections.
type Observer struct {
	// Event is called with every block and rollback once it is stored and announced.
	// While it runs no block goes to the folder, and Status.Tip may get ahead of it, by
	// as much as Follow.Chain.MaxBytes lets the relay adopt meanwhile.
	Event func(follow.Event)

	// Resuming reports about once a second how far the headers of the folder have been
	// read, if that takes longer.
	Resuming func(at, tip ledger.Tip)
}
