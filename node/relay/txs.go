package relay

import (
	"slices"
	"sync"
	"time"

	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/ledger"
)

const (
	// DefaultMaxTxSize is the parameter maxTxSize of the public networks, in
	// bytes. No node takes a larger transaction.
	DefaultMaxTxSize = 16_384

	// maxTxs and maxTxBytes bound what is queued or asked for. Even one tenth
	// of the bytes holds all that one peer may have announced.
	maxTxs     = 4000
	maxTxBytes = 2 << 20

	// maxPassed is how many ids are remembered of transactions that are gone,
	// so that they are not asked for again.
	maxPassed = 10_000

	// readerLag is how long a transaction is kept for a peer that has not taken
	// it, if another peer is faster and the room is needed. So even the slowest
	// of several gets everything that comes at up to 70 kB/s.
	readerLag = 30 * time.Second
)

// txQueue holds transactions on their way from senders, the downstream peers,
// to readers, the upstream ones.
//
// The queue drops nothing before every reader has it: when it is full, senders wait. A
// sender may use as much room as stays free after it, so those that send much leave room
// for others. A reader that has left a transaction for readerLag does not count until it
// has caught up; only the furthest reader always counts. So no reader sets the pace for
// the others, and one has everything. Without readers the queue keeps all. It drops
// transactions of a block at once, and those that upstream peers hang up on: see
// txReader.close.
type txQueue struct {
	maxSize int // of a transaction, bytes

	mu      sync.Mutex
	txs     []queuedTx // oldest first
	first   int64      // ticket of txs[0]; tickets count up
	has     map[ledger.Hash]int64
	past    []ledger.Hash       // ids that are gone, a ring
	oldest  int                 // of the ring
	gone    map[ledger.Hash]int // their places in the ring
	readers map[*txReader]bool

	// All below floor is with every reader that counts: it is kept until its
	// room is wanted. The rest, and what is asked for, is in use.
	floor      int64
	kept, used usage

	waiting []*txWaiter // senders without room, in order of arrival
	changed wake.All    // when a transaction comes

	received, passed int64 // since the start: see TxStatus

	// dropped, if not nil, is told of each transaction that is taken for one that no
	// node can decode. Set it before use.
	dropped func(ledger.TxID)
}

// usage is an amount of transactions.
type usage struct{ txs, bytes int }

func (u *usage) add(n, bytes int) { u.txs += n; u.bytes += bytes }

// fits reports whether u has room for more beside used, a sender using own of
// it: what it uses afterwards must not exceed what is free then. Who uses nothing
// may take all that is free.
func (u usage) fits(more, used, own usage) bool {
	free := usage{u.txs - used.txs - more.txs, u.bytes - used.bytes - more.bytes}
	if free.txs < 0 || free.bytes < 0 {
		return false
	}
	return own == usage{} || own.txs+more.txs <= free.txs && own.bytes+more.bytes <= free.bytes
}

// queuedTx is a transaction, or nothing where it was in a block.
type queuedTx struct {
	ledger.Tx
	from  *txSender
	came  time.Time
	taken bool // an upstream peer asked for it

	// See txReader.close.
	suspect bool // a conversation ended that this may be the reason of
	sound   bool // one went on with it
	ends    int  // of conversations that had nothing else
}

func (t *queuedTx) size() int { return len(t.Raw.Bytes) }

func newTxQueue(maxSize int) *txQueue {
	if maxSize == 0 {
		maxSize = DefaultMaxTxSize
	}
	return &txQueue{
		maxSize: maxSize,
		has:     make(map[ledger.Hash]int64),
		gone:    make(map[ledger.Hash]int),
		readers: make(map[*txReader]bool),
	}
}

// push appends transactions of one sender that are not there yet. A reader that waits
// sees all of them or none. q.mu is held.
func (q *txQueue) push(from *txSender, txs []ledger.Tx) {
	now, added := time.Now(), false
	for _, tx := range txs {
		if len(tx.Raw.Bytes) > q.maxSize || q.knows(tx.ID.Hash) {
			continue
		}
		q.has[tx.ID.Hash] = q.first + int64(len(q.txs))
		q.txs = append(q.txs, queuedTx{Tx: tx, from: from, came: now})
		q.use(from, 1, len(tx.Raw.Bytes))
		q.received++
		added = true
	}
	if added {
		q.changed.Wake()
	}
}

// renew lets a transaction be pushed again that every reader has announced, or that is
// gone. One that a reader is still to announce stays as it is.
func (q *txQueue) renew(id ledger.Hash) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if ticket, ok := q.has[id]; ok {
		if ticket >= q.announcedByAll() {
			return
		}
		q.remove(ticket)
	}
	delete(q.gone, id)
}

// announcedByAll returns the ticket below which every reader has announced all. q.mu is held.
func (q *txQueue) announcedByAll() int64 {
	if len(q.readers) == 0 {
		return q.first
	}
	told := q.first + int64(len(q.txs))
	for r := range q.readers { // any order: it is a minimum
		told = min(told, r.next)
	}
	return told
}

// status counts transactions.
func (q *txQueue) status() TxStatus {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := TxStatus{Received: q.received, Passed: q.passed}
	told := q.announcedByAll()
	for _, ticket := range q.has { // any order: it is a count
		if ticket >= told {
			s.Waiting++
		}
	}
	return s
}

// knows reports whether a transaction is here, or was.
func (q *txQueue) knows(id ledger.Hash) bool {
	_, here := q.has[id]
	_, gone := q.gone[id]
	return here || gone
}

// at returns the transaction with a ticket, nil if it is gone.
func (q *txQueue) at(ticket int64) *queuedTx {
	if ticket < q.first || q.txs[ticket-q.first].from == nil {
		return nil
	}
	return &q.txs[ticket-q.first]
}

// suspect reports whether the transaction with a ticket is announced alone.
func (q *txQueue) suspect(ticket int64) bool {
	t := q.at(ticket)
	return t != nil && t.suspect
}

func (q *txQueue) use(from *txSender, n, bytes int) {
	q.used.add(n, bytes)
	from.own.add(n, bytes)
}

// adopt removes the transactions of a block.
func (q *txQueue) adopt(e *entry, body func(*entry) (ledger.Block, error)) {
	q.mu.Lock()
	none := len(q.has) == 0
	q.mu.Unlock()
	if none {
		return // most of all while there is much to fetch
	}
	block, err := body(e)
	if err != nil {
		return // a disk that cannot be read ends the relay elsewhere
	}
	txs, err := block.Txs()
	if err != nil {
		return // its body was checked: there is nothing that it could be
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, tx := range txs {
		if ticket, ok := q.has[tx.ID.Hash]; ok {
			q.remove(ticket)
		}
	}
	q.progress(time.Now())
}

// rollBack forgets that transactions of blocks were here: they are on no chain any
// more, and if a peer sends one again it is to be passed on again.
func (q *txQueue) rollBack(blocks []*entry, body func(*entry) (ledger.Block, error)) {
	q.mu.Lock()
	none := len(q.gone) == 0
	q.mu.Unlock()
	if none {
		return
	}
	for _, e := range blocks {
		block, err := body(e)
		if err != nil {
			continue // as in adopt
		}
		txs, err := block.Txs()
		if err != nil {
			continue // as in adopt
		}
		q.mu.Lock()
		for _, tx := range txs {
			delete(q.gone, tx.ID.Hash)
		}
		q.mu.Unlock()
	}
}

// tighten takes empty places out when most are empty: a transaction that no
// reader takes and no block has would keep all those behind it for ever. The
// next ticket stays the same, earlier ones count from there.
func (q *txQueue) tighten() {
	if len(q.txs) <= 2*len(q.has)+64 {
		return
	}
	empty := make([]int64, len(q.txs)+1) // from a place on
	for i := len(q.txs) - 1; i >= 0; i-- {
		if empty[i] = empty[i+1]; q.txs[i].from == nil {
			empty[i]++
		}
	}
	moved := func(ticket int64) int64 {
		ticket = max(ticket, q.first)
		return ticket + empty[ticket-q.first]
	}
	for r := range q.readers {
		r.next = moved(r.next)
		r.owed = slices.DeleteFunc(r.owed, func(o txTaken) bool { return q.at(o.ticket) == nil })
		for i := range r.owed {
			r.owed[i].ticket = moved(r.owed[i].ticket)
		}
	}
	q.floor = moved(q.floor)
	first := moved(q.first)
	q.txs = slices.DeleteFunc(q.txs, func(t queuedTx) bool { return t.from == nil })
	q.first = first
	for i := range q.txs {
		q.has[q.txs[i].ID.Hash] = first + int64(i)
	}
}

// remove takes the transaction with a ticket out.
func (q *txQueue) remove(ticket int64) {
	t := &q.txs[ticket-q.first]
	if ticket >= q.floor {
		q.use(t.from, -1, -t.size())
	} else {
		q.kept.add(-1, -t.size())
	}
	delete(q.has, t.ID.Hash)
	q.remember(t.ID.Hash)
	*t = queuedTx{}
}

// remember keeps an id of what is gone, in place of the oldest one.
func (q *txQueue) remember(id ledger.Hash) {
	if len(q.past) < maxPassed {
		q.gone[id] = len(q.past)
		q.past = append(q.past, id)
		return
	}
	old := q.past[q.oldest]
	if place, ok := q.gone[old]; ok && place == q.oldest { // else it came back meanwhile
		delete(q.gone, old)
	}
	q.gone[id], q.past[q.oldest] = q.oldest, id
	q.oldest = (q.oldest + 1) % maxPassed
}

// trim drops what is below the floor and in the way of something new, and
// places at the start that are empty.
func (q *txQueue) trim() {
	for len(q.txs) > 0 {
		t := &q.txs[0]
		if t.from != nil {
			if q.first >= q.floor || q.kept.txs+q.used.txs <= maxTxs && q.kept.bytes+q.used.bytes <= maxTxBytes {
				break
			}
			q.remove(q.first)
		}
		q.txs = q.txs[1:]
		q.first++
	}
	q.floor = max(q.floor, q.first)
}

// raise sets the floor to what every reader that counts has, and returns when
// the next one that lags will not count any more; zero if none lags.
func (q *txQueue) raise(now time.Time) (next time.Time) {
	if len(q.readers) == 0 {
		return time.Time{}
	}
	floor, furthest, counted := q.first+int64(len(q.txs)), q.first, false
	for r := range q.readers { // any order: it is a minimum, and a maximum
		if t := r.left(); t != nil {
			stops := t.came
			if stops.Before(r.opened) {
				stops = r.opened
			}
			stops = stops.Add(readerLag)
			r.late = r.late || !now.Before(stops)
			switch {
			case r.late:
				furthest = max(furthest, r.through())
				continue
			case next.IsZero(), stops.Before(next):
				next = stops
			}
		}
		r.late = false
		floor, counted = min(floor, r.through()), true
	}
	if !counted {
		floor = furthest
	}
	for ; q.floor < floor; q.floor++ {
		if t := &q.txs[q.floor-q.first]; t.from != nil {
			q.use(t.from, -1, -t.size())
			q.kept.add(1, t.size())
		}
	}
	return next
}

// progress is called when there may be more room.
func (q *txQueue) progress(now time.Time) (next time.Time) {
	next = q.raise(now)
	q.trim()
	q.tighten()
	q.admit()
	return next
}
