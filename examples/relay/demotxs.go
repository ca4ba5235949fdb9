package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/relay"
	"github.com/ouronet/ouronet/txsubmission"
)

// wallet makes transactions and offers them to the relay, a txsubmission.Source.
type wallet struct {
	gen *chaintest.Generator

	mu      sync.Mutex
	spare   []ledger.Tx // made and not yet offered
	txs     []ledger.Tx // offered, or about to be
	at      []time.Time // when
	told    int         // of txs, the relay heard of so many
	changed wake.All
}

// newWallet returns a wallet whose transactions are those of blocks of a chain of
// its own: they look like transactions, and no ledger would take them.
func newWallet(seed uint64, network ledger.Network) *wallet {
	return &wallet{gen: chaintest.NewGenerator(chaintest.Config{Seed: seed, Network: network})}
}

// pay makes one more transaction.
func (w *wallet) pay() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.spare) == 0 {
		txs, err := w.gen.Next().Txs()
		if err != nil {
			return err
		}
		w.spare = slices.DeleteFunc(txs, func(tx ledger.Tx) bool { return len(tx.Raw.Bytes) > relay.DefaultMaxTxSize })
	}
	w.txs, w.at, w.spare = append(w.txs, w.spare[0]), append(w.at, time.Now()), w.spare[1:]
	w.changed.Wake()
	return nil
}

// Next implements txsubmission.Source.
func (w *wallet) Next(ctx context.Context, most int, block bool) ([]txsubmission.Announced, error) {
	for {
		w.mu.Lock()
		var ids []txsubmission.Announced
		for ; w.told < len(w.txs) && len(ids) < most; w.told++ {
			ids = append(ids, txsubmission.Announced{ID: w.txs[w.told].ID, Size: w.txs[w.told].Raw.WireSize()})
		}
		changed := w.changed.Next()
		w.mu.Unlock()
		if len(ids) > 0 || !block {
			return ids, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Get implements txsubmission.Source.
func (w *wallet) Get(_ context.Context, ids []ledger.TxID) (txs []ledger.RawTx, err error) {
	for _, id := range ids {
		if tx, _, ok := w.find(id); ok {
			txs = append(txs, tx.Raw)
		}
	}
	return txs, nil
}

// find returns a transaction of this wallet and when it was made.
func (w *wallet) find(id ledger.TxID) (tx ledger.Tx, at time.Time, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.txs {
		if w.txs[i].ID == id {
			return w.txs[i], w.at[i], true
		}
	}
	return tx, at, false
}

// made returns how many transactions there are.
func (w *wallet) made() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.txs)
}

// mempool is what upstream takes transactions with, a txsubmission.Sink. It holds
// the follower's against what the follower made.
type mempool struct {
	j      *journal
	wallet *wallet
	failed func(error)
}

// Want implements txsubmission.Sink.
func (mempool) Want(_ context.Context, announced []txsubmission.Announced) (ids []ledger.TxID, err error) {
	for _, a := range announced {
		ids = append(ids, a.ID)
	}
	return ids, nil
}

// Deliver implements txsubmission.Sink.
func (m mempool) Deliver(_ context.Context, _ []ledger.TxID, txs []ledger.Tx) error {
	for _, tx := range txs {
		made, at, ok := m.wallet.find(tx.ID)
		if ok && !bytes.Equal(made.Raw.Bytes, tx.Raw.Bytes) {
			m.failed(fmt.Errorf("transaction %v differs from the follower's: this is a bug, please report it", tx.ID))
			return nil
		}
		m.j.gotTx(tx, at, ok)
	}
	return nil
}

// gotTx tells of a transaction that came to upstream through the relay.
func (j *journal) gotTx(tx ledger.Tx, at time.Time, followers bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	from := "submitted to the relay"
	if followers {
		j.txs[tx.ID] = true
		from = fmt.Sprintf("of the follower, %.1f ms after it was made", milliseconds(time.Since(at)))
	}
	e := event{Event: "demo_tx", Peer: "upstream", Tx: tx.ID.Hash.String(), Size: len(tx.Raw.Bytes)}
	j.tell(e, "gets transaction %.8s, %s, %s", tx.ID.Hash, size(float64(len(tx.Raw.Bytes))), from)
	j.changed.Wake()
}

// waitForTxs waits until n transactions of the follower came to upstream.
func (j *journal) waitForTxs(ctx context.Context, n int) bool {
	return j.wait(ctx, func() bool { return len(j.txs) >= n })
}
