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

func (emptyChain) Intersect(_ context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	if slices.Contains(points, ledger.Origin) {
		return ledger.Origin, ledger.Tip{}, nil
	}
	return ledger.Point{}, ledger.Tip{}, chainsync.ErrNoIntersect
}

func (emptyChain) Next(context.Context) (chainsync.Update, error) { return nil, nil }

func (emptyChain) Wait(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

type noBlocks struct{}

func (noBlocks) Range(context.Context, ledger.Point, ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	return nil, nil
}

type noPeers struct{}

func (noPeers) Peers(context.Context, int) ([]netip.AddrPort, error) { return nil, nil }

// noTxs has ids announced and wants none.
type noTxs struct{}

func (noTxs) Want(context.Context, []txsubmission.Announced) ([]ledger.TxID, error) { return nil, nil }
func (noTxs) Deliver(context.Context, []ledger.TxID, []ledger.Tx) error             { return nil }
