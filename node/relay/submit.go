package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/txsubmission"
)

var (
	// ErrServeOnly says that a relay with [Config].ServeOnly has no peer to pass
	// a transaction to.
	ErrServeOnly = errors.New("relay: ServeOnly follows no node to pass transactions to")

	// ErrEnded says that [Relay.Run] has ended.
	ErrEnded = errors.New("relay: the relay has ended")
)

// TxError says why [Relay.Submit] refuses a transaction. Submitting the same bytes
// again fails, too.
type TxError struct {
	Reason error
}

// Error gives the reason for people.
func (e *TxError) Error() string { return fmt.Sprintf("relay: transaction refused: %v", e.Reason) }

// Unwrap returns the reason.
func (e *TxError) Unwrap() error { return e.Reason }

// Submit queues a transaction for all upstream peers and returns its id. tx is one
// CBOR item, a stand-alone transaction with its witnesses, as cardano-cli and
// wallets make it; the caller keeps the bytes.
//
// A nil error only says that the transaction is queued. It is announced to each
// upstream peer, which asks for it unless it has it already; cardano-node asks for the
// first one a minute after the connection began. The protocol does not say whether a
// peer found the transaction valid: follow the chain to see it in a block. The queue is
// in memory, and waits for a peer if none is connected. Submitting a queued transaction
// again changes nothing; one that has been announced to every connected peer is queued
// again.
//
// While the queue is full, Submit waits until ctx ends. Besides ctx's, its errors are a
// [*TxError] if no node would accept the bytes, [ErrServeOnly] and [ErrEnded]. Only the
// outer form of a transaction is checked: a node that cannot decode the rest ends the
// connection, so accept transactions only from sources that you trust.
//
// The transaction is sent as of the newest era whose form it has, from Shelley to the
// present era. The present era is that of the network's schedule, or of the relay's
// last block if this is later. A node takes transactions of eras before its own.
// (ouroboros-consensus, HardFork/Combinator/Mempool.hs)
func (r *Relay) Submit(ctx context.Context, tx []byte) (ledger.TxID, error) {
	if r.cfg.ServeOnly {
		return ledger.TxID{}, ErrServeOnly
	}
	if most := r.MaxTxSize(); len(tx) > most {
		return ledger.TxID{}, &TxError{fmt.Errorf("%d bytes, and at most %d are allowed", len(tx), most)}
	}
	parsed, err := parseTx(slices.Clone(tx), r.era(time.Now()))
	if err != nil {
		return ledger.TxID{}, &TxError{err}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(r.ended, func() { cancel(ErrEnded) })()
	return parsed.ID, r.queue(ctx, parsed)
}

// MaxTxSize is how many bytes a transaction may have: [Config].MaxTxSize or its
// default.
func (r *Relay) MaxTxSize() int { return r.txs.maxSize }

// queue pushes a transaction once there is room for it. One waits at a time, as one
// peer does: the others wait for their turn.
func (r *Relay) queue(ctx context.Context, tx ledger.Tx) error {
	select {
	case r.submitting <- struct{}{}:
		defer func() { <-r.submitting }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	r.txs.renew(tx.ID.Hash)
	want, err := r.submitter.Want(ctx, []txsubmission.Announced{{ID: tx.ID, Size: tx.Raw.WireSize()}})
	switch {
	case err != nil:
		return err
	case r.ended.Err() != nil:
		return ErrEnded
	case len(want) == 0:
		return nil // it is on its way
	}
	return r.submitter.Deliver(ctx, want, []ledger.Tx{tx})
}

// era returns the present era as far as it is known.
func (r *Relay) era(now time.Time) ledger.Era {
	era := ledger.Era(r.tipEra.Load())
	if slot, ok := r.cfg.Follow.Network.SlotAt(now); ok {
		era = max(era, r.cfg.Follow.Network.EraAt(slot))
	}
	return era
}

// parseTx finds the newest era up to the present one whose form a transaction has.
// The error is that of the present era.
func parseTx(raw []byte, present ledger.Era) (ledger.Tx, error) {
	var first error
	for era := max(present, ledger.Shelley); era >= ledger.Shelley; era-- {
		tx := ledger.RawTx{Era: era, Bytes: raw}
		id, err := tx.ID()
		if err == nil {
			return ledger.Tx{ID: id, Raw: tx}, nil
		}
		if first == nil {
			first = err
		}
	}
	return ledger.Tx{}, first
}
