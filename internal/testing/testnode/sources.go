package testnode

import (
	"context"
	"net/netip"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/txsubmission"
)

// Taker is a txsubmission.Sink that asks for every transaction. It is called with each
// that comes; nil keeps none.
type Taker func(ledger.Tx)

// Sink is a node.Sources.TxSubmission.
func (t Taker) Sink(context.Context, *node.Conn) txsubmission.Sink { return t }

// Want implements txsubmission.Sink.
func (Taker) Want(_ context.Context, announced []txsubmission.Announced) (ids []ledger.TxID, _ error) {
	for _, a := range announced {
		ids = append(ids, a.ID)
	}
	return ids, nil
}

// Deliver implements txsubmission.Sink.
func (t Taker) Deliver(_ context.Context, _ []ledger.TxID, txs []ledger.Tx) error {
	for _, tx := range txs {
		if t != nil {
			t(tx)
		}
	}
	return nil
}

// Addresses is a peersharing.Source that shares the first of the addresses, as many as
// it is asked for.
type Addresses []netip.AddrPort

// Peers implements peersharing.Source.
func (a Addresses) Peers(_ context.Context, amount int) ([]netip.AddrPort, error) {
	return a[:min(amount, len(a))], nil
}

// SomeAddresses returns n addresses that are for documentation. (RFC 5737)
func SomeAddresses(n int) (list Addresses) {
	for i := range n {
		list = append(list, netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), 3001))
	}
	return list
}
