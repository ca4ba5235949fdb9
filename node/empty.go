package node

import (
	"context"
	"iter"
	"net/netip"
	"slices"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/txsubmission"
)

// emptyChain is what a follower sees of a node that has no blocks.
type emptyChain struct{}

// Intersect finds the origin alone.
func (emptyChain) Intersect(_ context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	if slices.Contains(points, ledger.Origin) {
		return ledger.Origin, ledger.Tip{}, nil
	}
	return ledger.Point{}, ledger.Tip{}, chainsync.ErrNoIntersect
}

// Next has no update, ever.
func (emptyChain) Next(context.Context) (chainsync.Update, error) { return nil, nil }

// Wait ends with ctx.
func (emptyChain) Wait(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

type noBlocks struct{}

// Range has no block, which is answered with MsgNoBlocks.
func (noBlocks) Range(context.Context, ledger.Point, ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	return nil, nil
}

type noPeers struct{}

// Peers knows no addresses.
func (noPeers) Peers(context.Context, int) ([]netip.AddrPort, error) { return nil, nil }

// noTxs has ids announced and wants none.
type noTxs struct{}

// Want asks for none of the transactions.
func (noTxs) Want(context.Context, []txsubmission.Announced) ([]ledger.TxID, error) { return nil, nil }

// Deliver is never called with a transaction.
func (noTxs) Deliver(context.Context, []ledger.TxID, []ledger.Tx) error { return nil }
