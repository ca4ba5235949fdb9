package relay

import (
	"context"
	"slices"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/txsubmission"
)

// txSender takes the transactions of one downstream peer, a txsubmission.Sink.
type txSender struct {
	q *txQueue

	// Under q.mu.
	own   usage               // queued and in use, or asked for
	asked map[ledger.Hash]int // bytes kept free for an answer
	ended bool                // gets no more room, as it would not give it back
}

// txWaiter is a sender that waits for room.
type txWaiter struct {
	from *txSender
	want []txsubmission.Announced
	more usage
	room chan struct{} // closed when there is, and it is taken

	passed int // how often one that came later got room
}

// maxPassing is how often a sender that uses nothing can be passed.
const maxPassing = 20

// wireOverhead is how much longer a transaction is on the wire.
// (points-headers-blocks, 6)
const wireOverhead = 16

// newSender returns a sender that gives back what it asked for when ctx ends.
func (q *txQueue) newSender(ctx context.Context) *txSender {
	s := &txSender{q: q, asked: make(map[ledger.Hash]int)}
	context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		s.ended = true
		for id := range s.asked { // any order: it is a sum
			s.answered(id)
		}
		q.waiting = slices.DeleteFunc(q.waiting, func(w *txWaiter) bool { return w.from == s })
		q.progress(time.Now())
	})
	return s
}

// Want implements txsubmission.Sink. It waits until there is room for all that
// it returns: meanwhile the peer is asked for nothing.
func (s *txSender) Want(ctx context.Context, ids []txsubmission.Announced) ([]ledger.TxID, error) {
	w, next := s.request(ids)
	if w == nil {
		return nil, nil
	}
	if err := s.q.wait(ctx, w, next); err != nil {
		return nil, err
	}
	want := make([]ledger.TxID, len(w.want))
	for i, a := range w.want {
		want[i] = a.ID
	}
	return want, nil
}

// request lets the sender wait for room for those of ids that are wanted; nil
// if none is, or the session has ended. next is for wait.
func (s *txSender) request(ids []txsubmission.Announced) (w *txWaiter, next time.Time) {
	w = &txWaiter{from: s, room: make(chan struct{})}
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	for _, a := range ids {
		// More than all the room there is would never get it.
		if int(a.Size) <= min(s.q.maxSize+wireOverhead, maxTxBytes-w.more.bytes) && !s.q.knows(a.ID.Hash) {
			w.want = append(w.want, a)
			w.more.add(1, int(a.Size))
		}
	}
	if len(w.want) == 0 || s.ended {
		return nil, next
	}
	s.q.waiting = append(s.q.waiting, w)
	return w, s.q.progress(time.Now())
}

// wait waits until w has room. next is when a reader that lags does not count
// any more, zero if there is none.
func (q *txQueue) wait(ctx context.Context, w *txWaiter, next time.Time) error {
	lag := time.NewTimer(readerLag)
	defer lag.Stop()
	for {
		wait := readerLag
		if !next.IsZero() {
			wait = time.Until(next)
		}
		lag.Reset(wait)
		select {
		case <-w.room:
			return nil
		case now := <-lag.C:
			q.mu.Lock()
			next = q.progress(now)
			q.mu.Unlock()
		case <-ctx.Done():
			q.mu.Lock()
			defer q.mu.Unlock()
			q.waiting = slices.DeleteFunc(q.waiting, func(x *txWaiter) bool { return x == w })
			for _, a := range w.want { // it may have got room a moment ago
				w.from.answered(a.ID.Hash)
			}
			q.admit()
			return context.Cause(ctx)
		}
	}
}

// admit gives room to the senders that wait, in order, as far as it goes. Later senders
// pass one that uses nothing at most maxPassing times: otherwise they would take all
// room that becomes free, and one that wants much would never get it. A sender that
// waits because of its own share may be passed for ever. q.mu is held.
func (q *txQueue) admit() {
	var first *txWaiter // that uses nothing and has no room
	q.waiting = slices.DeleteFunc(q.waiting, func(w *txWaiter) bool {
		if first != nil && first.passed == maxPassing || !(usage{maxTxs, maxTxBytes}).fits(w.more, q.used, w.from.own) {
			if first == nil && w.from.own == (usage{}) {
				first = w
			}
			return false
		}
		if first != nil {
			first.passed++
		}
		for _, a := range w.want {
			w.from.answered(a.ID.Hash) // there is none, but twice would never end
			w.from.asked[a.ID.Hash] = int(a.Size)
			q.use(w.from, 1, int(a.Size))
		}
		q.trim()
		close(w.room)
		return true
	})
}

// answered gives back the room that was kept for a transaction.
func (s *txSender) answered(id ledger.Hash) {
	if size, ok := s.asked[id]; ok {
		delete(s.asked, id)
		s.q.use(s, -1, -size)
	}
}

// Deliver implements txsubmission.Sink.
func (s *txSender) Deliver(_ context.Context, asked []ledger.TxID, txs []ledger.Tx) error {
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	for _, id := range asked {
		s.answered(id.Hash)
	}
	s.q.push(s, txs)
	s.q.progress(time.Now())
	return nil
}
