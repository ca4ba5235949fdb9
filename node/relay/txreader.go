package relay

import (
	"context"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/txsubmission"
)

// txReader is what one upstream peer sees of the queue, a txsubmission.Source.
type txReader struct {
	q *txQueue

	// Under q.mu.
	next  int64     // ticket of what is announced next
	moved time.Time // when the peer took something last, or had all
	gets  int       // requests for transactions since it was announced some
}

// newReader returns a reader that begins with the oldest transaction. Until
// close it keeps what it has not taken.
func (q *txQueue) newReader() *txReader {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := &txReader{q: q, next: q.first, moved: time.Now()}
	q.readers[r] = true
	return r
}

func (r *txReader) close() {
	r.q.mu.Lock()
	defer r.q.mu.Unlock()
	delete(r.q.readers, r)
	r.q.progress(time.Now())
}

// Next implements txsubmission.Source.
func (r *txReader) Next(ctx context.Context, most int, block bool) ([]txsubmission.Announced, error) {
	for {
		ids, changed := r.take(most)
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

// take announces up to most transactions. Changed is closed when there is more.
func (r *txReader) take(most int) (ids []txsubmission.Announced, changed <-chan struct{}) {
	q := r.q
	q.mu.Lock()
	defer q.mu.Unlock()
	r.next = max(r.next, q.first)
	for ; r.next < q.first+int64(len(q.txs)) && len(ids) < most; r.next++ {
		if t := &q.txs[r.next-q.first]; t.from != nil {
			ids = append(ids, txsubmission.Announced{ID: t.ID, Size: t.Raw.WireSize()})
		}
	}
	r.moved, r.gets = time.Now(), 0
	q.progress(r.moved)
	return ids, q.changed
}

// Get implements txsubmission.Source.
func (r *txReader) Get(_ context.Context, ids []ledger.TxID) ([]ledger.RawTx, error) {
	r.q.mu.Lock()
	defer r.q.mu.Unlock()
	// To ask for the same again and again is not to go on.
	if r.gets++; r.gets <= txsubmission.MaxUnacknowledged {
		r.moved = time.Now()
	}
	var txs []ledger.RawTx
	for _, id := range ids {
		if ticket, ok := r.q.has[id.Hash]; ok {
			t := &r.q.txs[ticket-r.q.first]
			if !t.taken {
				t.taken = true
				r.q.passed++
			}
			txs = append(txs, t.Raw)
		}
	}
	return txs, nil
}
