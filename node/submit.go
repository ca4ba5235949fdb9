package node

import (
	"context"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/txsubmission"
)

// Submit offers one transaction to the peer and reports whether the peer asked
// for it. It returns once the peer has acknowledged the transaction, asked or
// not: a peer that knows it does not ask. cardano-node waits a minute before
// it asks at all, so allow ctx more than that.
//
// The protocol does not say whether the peer found the transaction valid: follow the
// chain to see. asked is right also if there is an error. Submit and [Conn.ProvideTxs]
// exclude each other; after an error, close the connection.
func (c *Conn) Submit(ctx context.Context, tx ledger.RawTx) (asked bool, err error) {
	s := single{tx: tx}
	if s.id, err = tx.ID(); err != nil {
		return false, err
	}
	err = c.ProvideTxs(ctx, &s)
	return s.asked, err
}

// single is a txsubmission.Source of one transaction.
type single struct {
	tx               ledger.RawTx
	id               ledger.TxID
	announced, asked bool
}

// Next announces the one transaction, once.
func (s *single) Next(context.Context, int, bool) ([]txsubmission.Announced, error) {
	if s.announced {
		return nil, nil // none ends the conversation when the peer waits for one
	}
	s.announced = true
	return []txsubmission.Announced{{ID: s.id, Size: s.tx.WireSize()}}, nil
}

// Get notes that the peer wants it.
func (s *single) Get(context.Context, []ledger.TxID) ([]ledger.RawTx, error) {
	s.asked = true
	return []ledger.RawTx{s.tx}, nil
}
