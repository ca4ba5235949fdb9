package relay

import (
	"context"
	"slices"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/txsubmission"
)

// txReader is what one upstream peer sees of the queue, a txsubmission.Source.
type txReader struct {
	q *txQueue

	// Under q.mu.
	next   int64     // ticket of what is announced next
	owed   []txTaken // what was announced last, which the peer may still ask for
	opened time.Time
	late   bool // has left a transaction for too long, and not caught up since
}

// txTaken is a transaction that was announced.
type txTaken struct {
	ticket int64
	given  bool // the peer asked for it and got it
}

// maxEnds is how many conversations may end with a transaction alone before it counts
// as the reason.
const maxEnds = 3

// newReader returns a reader that begins with the oldest transaction. Until
// close it keeps what it has not taken.
func (q *txQueue) newReader() *txReader {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := &txReader{q: q, next: q.first, opened: time.Now()}
	q.readers[r] = true
	return r
}

// close is called when the conversation has ended. A node ends it when it cannot decode
// a transaction, and does not say which. So the last ones that it got become suspects.
// Suspects are announced one by one, and one that ended maxEnds conversations is
// dropped: otherwise its sender could cut us off from all upstream nodes.
func (r *txReader) close() {
	q := r.q
	var dropped []ledger.TxID
	defer func() {
		for _, id := range dropped {
			if q.dropped != nil {
				q.dropped(id)
			}
		}
	}()
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, o := range r.owed {
		t := q.at(o.ticket)
		if t == nil || !o.given || t.sound {
			continue
		}
		if t.suspect && len(r.owed) == 1 {
			t.ends++
		}
		if t.suspect = true; t.ends == maxEnds {
			dropped = append(dropped, t.ID)
			q.remove(o.ticket)
		}
	}
	delete(q.readers, r)
	q.progress(time.Now())
}

// acknowledged follows a conversation that went on after the peer got a transaction.
func (r *txReader) acknowledged(o txTaken) {
	if t := r.q.at(o.ticket); t != nil && o.given {
		t.sound, t.suspect = true, false
	}
}

// acknowledgedAll is acknowledged for all transactions that the peer got. q.mu is held.
func (r *txReader) acknowledgedAll() {
	for _, o := range r.owed {
		r.acknowledged(o)
	}
	r.owed = r.owed[:0]
}

// finish is close for a conversation that has ended in order: the peer has taken all
// that it got.
func (r *txReader) finish() {
	r.q.mu.Lock()
	r.acknowledgedAll()
	r.q.mu.Unlock()
	r.close()
}

// left returns the oldest transaction that was not announced yet, nil if there is
// none. q.mu is held.
func (r *txReader) left() *queuedTx {
	q := r.q
	r.next = max(r.next, q.first)
	for ; r.next < q.first+int64(len(q.txs)); r.next++ {
		if t := &q.txs[r.next-q.first]; t.from != nil {
			return t
		}
	}
	return nil
}

// through returns the ticket below which the peer has taken or refused everything.
// q.mu is held.
func (r *txReader) through() int64 {
	if len(r.owed) > 0 {
		return r.owed[0].ticket
	}
	return r.next
}

// Next implements txsubmission.Source.
func (r *txReader) Next(ctx context.Context, most int, block bool) ([]txsubmission.Announced, error) {
	for {
		ids, changed := r.announce(most, block)
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

// announce announces up to most transactions. Changed is closed when there is more. The
// peer has acknowledged everything when it waits for more.
func (r *txReader) announce(most int, all bool) (ids []txsubmission.Announced, changed <-chan struct{}) {
	q := r.q
	q.mu.Lock()
	defer q.mu.Unlock()
	if all {
		r.acknowledgedAll()
	}
	alone := len(r.owed) > 0 && q.suspect(r.owed[len(r.owed)-1].ticket)
	for len(ids) < most && !alone {
		t := r.left()
		if t == nil || t.suspect && len(r.owed) > 0 {
			break
		}
		alone = t.suspect
		ids = append(ids, txsubmission.Announced{ID: t.ID, Size: t.Raw.WireSize()})
		if len(r.owed) == txsubmission.MaxUnacknowledged {
			r.acknowledged(r.owed[0])
			r.owed = append(r.owed[:0], r.owed[1:]...)
		}
		r.owed = append(r.owed, txTaken{ticket: r.next})
		r.next++
	}
	q.progress(time.Now())
	return ids, q.changed.Next()
}

// Get implements txsubmission.Source.
func (r *txReader) Get(_ context.Context, ids []ledger.TxID) ([]ledger.RawTx, error) {
	r.q.mu.Lock()
	defer r.q.mu.Unlock()
	var txs []ledger.RawTx
	for _, id := range ids {
		if ticket, ok := r.q.has[id.Hash]; ok {
			t := r.q.at(ticket)
			if i := slices.IndexFunc(r.owed, func(o txTaken) bool { return o.ticket == ticket }); i >= 0 {
				r.owed[i].given = true
			}
			if !t.taken {
				t.taken = true
				r.q.passed++
			}
			txs = append(txs, t.Raw)
		}
	}
	return txs, nil
}
