package relay

import (
	"context"
	"sync"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/txsubmission"
)

const (
	// maxTxs and maxTxBytes bound the queue of transactions: about two of
	// mainnet's blocks, as cardano-node's mempool. (relay-behaviour, 8.5)
	maxTxs     = 1000
	maxTxBytes = 2 * 90112
)

// txQueue holds transactions on their way from downstream peers to upstream
// ones. When it is full the oldest go: nothing here knows when a transaction
// has got into a block.
type txQueue struct {
	mu      sync.Mutex
	txs     []ledger.Tx // oldest first
	first   int64       // ticket of txs[0]; tickets count up and are not reused
	bytes   int
	has     map[ledger.TxID]int64 // ticket
	changed chan struct{}         // closed when a transaction comes
}

func newTxQueue() *txQueue {
	return &txQueue{has: make(map[ledger.TxID]int64), changed: make(chan struct{})}
}

// add takes transactions at once: whoever waits sees all of them or none.
func (q *txQueue) add(txs ...ledger.Tx) {
	q.mu.Lock()
	defer q.mu.Unlock()
	added := false
	for _, tx := range txs {
		if _, ok := q.has[tx.ID]; ok {
			continue
		}
		q.has[tx.ID] = q.first + int64(len(q.txs))
		q.txs = append(q.txs, tx)
		q.bytes += len(tx.Raw.Bytes)
		added = true
	}
	if !added {
		return
	}
	for len(q.txs) > 1 && (len(q.txs) > maxTxs || q.bytes > maxTxBytes) {
		delete(q.has, q.txs[0].ID)
		q.bytes -= len(q.txs[0].Raw.Bytes)
		q.txs[0] = ledger.Tx{}
		q.txs = q.txs[1:]
		q.first++
	}
	close(q.changed)
	q.changed = make(chan struct{})
}

// sink takes the transactions of one downstream peer.
type sink struct{ q *txQueue }

// Want implements txsubmission.Sink.
func (s sink) Want(_ context.Context, ids []txsubmission.Announced) ([]ledger.TxID, error) {
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	var want []ledger.TxID
	for _, a := range ids {
		if _, ok := s.q.has[a.ID]; !ok {
			want = append(want, a.ID)
		}
	}
	return want, nil
}

// Deliver implements txsubmission.Sink.
func (s sink) Deliver(_ context.Context, _ []ledger.TxID, txs []ledger.Tx) error {
	s.q.add(txs...)
	return nil
}

// cursor is what one upstream peer sees of the queue.
type cursor struct {
	q    *txQueue
	next int64 // ticket
}

// Next implements txsubmission.Source.
func (c *cursor) Next(ctx context.Context, most int, block bool) ([]txsubmission.Announced, error) {
	for {
		c.q.mu.Lock()
		c.next = max(c.next, c.q.first)
		var ids []txsubmission.Announced
		for ; c.next < c.q.first+int64(len(c.q.txs)) && len(ids) < most; c.next++ {
			tx := c.q.txs[c.next-c.q.first]
			ids = append(ids, txsubmission.Announced{ID: tx.ID, Size: tx.Raw.WireSize()})
		}
		changed := c.q.changed
		c.q.mu.Unlock()
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
func (c *cursor) Get(_ context.Context, ids []ledger.TxID) ([]ledger.RawTx, error) {
	c.q.mu.Lock()
	defer c.q.mu.Unlock()
	var txs []ledger.RawTx
	for _, id := range ids {
		if ticket, ok := c.q.has[id]; ok {
			txs = append(txs, c.q.txs[ticket-c.q.first].Raw)
		}
	}
	return txs, nil
}
