package chaintest

import (
	"context"
	"slices"

	"github.com/ouronet/ouronet/ledger"
)

// Withhold is a Hooks.Range that never answers: the peer announces blocks and
// keeps them.
func Withhold(ctx context.Context, _ []ledger.Block) []ledger.Block {
	<-ctx.Done()
	return nil
}

// NoBlocks is a Hooks.Range that answers that the blocks are not there.
func NoBlocks(context.Context, []ledger.Block) []ledger.Block { return nil }

// WrongBody is a Hooks.Range that changes the body of the first block, so that it
// does not match its header: a violation.
func WrongBody(_ context.Context, blocks []ledger.Block) []ledger.Block {
	if len(blocks) == 0 {
		return nil
	}
	raw := slices.Clone(blocks[0].Raw)
	raw[len(raw)-1] ^= 1
	blocks[0].Raw = raw
	return blocks
}
