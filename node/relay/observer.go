package relay

import (
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
)

// Observer is told what happens to the relay's chain, by functions of which each may
// be nil. Config.Follow.Observer is told of connections.
type Observer struct {
	// Event is told of every block and rollback once it is stored and announced. While
	// it runs no block goes to the folder, and Status.Tip may get ahead of it, by as much
	// as Follow.Chain.MaxBytes lets the relay adopt meanwhile.
	Event func(follow.Event)

	// Resuming is told at times how far the headers of the folder have been read,
	// when that takes long.
	Resuming func(at, tip ledger.Tip)
}
