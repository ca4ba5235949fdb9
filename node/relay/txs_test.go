package relay

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/txsubmission"
)

func tx(n, size int) ledger.Tx {
	raw := make([]byte, size)
	var id ledger.TxID
	id.Era = ledger.Conway
	binary.BigEndian.PutUint64(id.Hash[:], uint64(n))
	return ledger.Tx{ID: id, Raw: ledger.RawTx{Era: ledger.Conway, Bytes: raw}}
}

func announced(txs ...ledger.Tx) (ids []txsubmission.Announced) {
	for _, tx := range txs {
		ids = append(ids, txsubmission.Announced{ID: tx.ID, Size: tx.Raw.WireSize()})
	}
	return ids
}

// send offers transactions as a peer does, up to 10 at a time, and returns how
// many were wanted.
func send(ctx context.Context, s *txSender, txs ...ledger.Tx) (wanted int, err error) {
	for batch := range slices.Chunk(txs, txsubmission.MaxUnacknowledged) {
		asked, err := s.Want(ctx, announced(batch...))
		if err != nil {
			return wanted, err
		}
		wanted += len(asked)
		var answer []ledger.Tx
		for _, tx := range batch {
			if slices.Contains(asked, tx.ID) {
				answer = append(answer, tx)
			}
		}
		if err := s.Deliver(ctx, asked, answer); err != nil {
			return wanted, err
		}
	}
	return wanted, nil
}

// receive takes n transactions, most at a time, with a pause before each time.
func receive(ctx context.Context, r *txReader, n, most int, pause time.Duration) (ids []ledger.TxID) {
	for len(ids) < n {
		time.Sleep(pause)
		list, err := r.Next(ctx, most, true)
		if err != nil {
			return ids
		}
		var want []ledger.TxID
		for _, a := range list {
			want = append(want, a.ID)
		}
		time.Sleep(pause)
		txs, err := r.Get(ctx, want)
		if err != nil || len(txs) != len(want) {
			panic(fmt.Sprintf("%d of %d that were announced, %v", len(txs), len(want), err))
		}
		ids = append(ids, want...)
	}
	return ids
}

func bounded(t *testing.T, q *txQueue) {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.kept.txs+q.used.txs > maxTxs || q.kept.bytes+q.used.bytes > maxTxBytes {
		t.Errorf("%v kept and %v used", q.kept, q.used)
	}
}

// Each reader is told of each transaction once, in the order in which they came.
func TestTxQueueOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTxQueue(0)
		s, a, b := q.newSender(t.Context()), q.newReader(), q.newReader()
		for n := range 30 {
			if wanted, err := send(t.Context(), s, tx(n, 100)); err != nil || wanted != 1 {
				t.Errorf("wants %d, %v", wanted, err)
			}
			if wanted, err := send(t.Context(), s, tx(n/2, 100)); err != nil || wanted != 0 {
				t.Errorf("wants %d again, %v", wanted, err)
			}
		}
		for _, r := range []*txReader{a, b} {
			got := receive(t.Context(), r, 30, 7, 0)
			for n, id := range got {
				if id != tx(n, 1).ID {
					t.Errorf("transaction %d is %v", n, id)
				}
			}
			if more, err := r.Next(t.Context(), 5, false); len(more) > 0 || err != nil {
				t.Errorf("%v, %v", more, err)
			}
		}
		txs, err := a.Get(t.Context(), []ledger.TxID{tx(29, 0).ID, tx(99, 0).ID, tx(3, 0).ID})
		if err != nil || len(txs) != 2 {
			t.Errorf("%d transactions, %v", len(txs), err)
		}
	})
}

// However slow a reader is, it gets everything, and senders wait for it, if it is
// the only one; beside a quick one, it gets what there is room for.
func TestTxQueueLosesNothing(t *testing.T) {
	for _, size := range []int{300, 1500, 16_000} {
		synctest.Test(t, func(t *testing.T) {
			const n = 3000
			q := newTxQueue(0)
			sent := make(chan error, 1)
			slow := q.newReader()
			s := q.newSender(t.Context())
			go func() {
				for i := range n {
					if wanted, err := send(t.Context(), s, tx(i, size)); err != nil || wanted != 1 {
						sent <- errors.Join(err, errors.New("not wanted"))
						return
					}
					bounded(t, q)
				}
				sent <- nil
			}()
			got := receive(t.Context(), slow, n, 3, 5*time.Second)
			if err := <-sent; err != nil || len(got) != n {
				t.Errorf("%d of %d, %v", len(got), n, err)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			n := min(1000, maxTxBytes/size)
			q := newTxQueue(0)
			sent := make(chan error, 1)
			slow, fast := q.newReader(), q.newReader()
			s := q.newSender(t.Context())
			go func() {
				for i := range n {
					if wanted, err := send(t.Context(), s, tx(i, size)); err != nil || wanted != 1 {
						sent <- errors.Join(err, errors.New("not wanted"))
						return
					}
					bounded(t, q)
				}
				sent <- nil
			}()
			quick := make(chan int)
			go func() { quick <- len(receive(t.Context(), fast, n, 10, 0)) }()
			got := receive(t.Context(), slow, n, 3, 5*time.Second)
			if err := <-sent; err != nil {
				t.Error(err)
			}
			if other := <-quick; len(got) != n || other != n {
				t.Errorf("%d and %d of %d", len(got), other, n)
			}
		})
	}
}

// One who sends without end leaves room for others.
func TestTxQueueFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTxQueue(0)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		const floods = 20
		for f := range floods {
			s := q.newSender(ctx)
			go func() {
				for n := 1000 * (f + 1) * 1000; ; n += 10 {
					var txs []ledger.Tx
					for i := range 10 {
						txs = append(txs, tx(n+i, 16_000))
					}
					if _, err := send(ctx, s, txs...); err != nil {
						ended <- err
						return
					}
					bounded(t, q)
				}
			}()
		}
		synctest.Wait() // until they wait
		r := q.newReader()
		read := make(chan struct{})
		go func() {
			receive(ctx, r, 1e6, 10, 50*time.Millisecond)
			close(read)
		}()
		honest := q.newSender(t.Context())
		began := time.Now()
		for n := range 100 {
			if wanted, err := send(t.Context(), honest, tx(n, 500)); err != nil || wanted != 1 {
				t.Fatal(wanted, err)
			}
		}
		q.mu.Lock()
		for n := range 100 {
			if !q.knows(tx(n, 0).ID.Hash) {
				t.Errorf("transaction %d is not there", n)
			}
		}
		q.mu.Unlock()
		// Each may have to wait for one message of each flood, 200 at 10 in 100 ms.
		if took, most := time.Since(began), 100*floods*100*time.Millisecond; took > most {
			t.Errorf("took %v", took)
		}
		cancel()
		for range floods {
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		<-read
		q.mu.Lock()
		defer q.mu.Unlock()
		if len(q.waiting) > 0 {
			t.Errorf("%d wait still", len(q.waiting))
		}
	})
}

// A reader that takes nothing for 30 s holds nothing up any more, until it goes
// on. With no reader at all senders wait.
func TestTxQueueLaggingReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTxQueue(0)
		s := q.newSender(t.Context())
		dead := q.newReader()
		receive(t.Context(), dead, 0, 1, 0)
		other := q.newReader()
		read := make(chan int)
		go func() { read <- len(receive(t.Context(), other, 300, 10, 0)) }()
		began := time.Now()
		for n := range 300 {
			if wanted, err := send(t.Context(), s, tx(n, 16_000)); err != nil || wanted != 1 {
				t.Fatal(wanted, err)
			}
		}
		if n, took := <-read, time.Since(began); n != 300 || took != readerLag {
			t.Errorf("%d after %v", n, took)
		}
		// It goes on with what there still is.
		list, err := dead.Next(t.Context(), 10, false)
		if err != nil || len(list) != 10 || list[0].ID == tx(0, 0).ID {
			t.Errorf("%v, %v", list, err)
		}
		dead.close()
		other.close()

		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		for n := 300; err == nil; n++ {
			_, err = send(ctx, s, tx(n, 16_000))
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		bounded(t, q)
	})
}

// A reader that takes one transaction each 29 s holds up nothing but for the first
// time, whatever comes.
func TestTxQueueSlowReaderSetsNoPace(t *testing.T) {
	for _, size := range []int{300, 16_000} {
		synctest.Test(t, func(t *testing.T) {
			const n = 20_000
			q := newTxQueue(0)
			s := q.newSender(t.Context())
			slow, fast := q.newReader(), q.newReader()
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				for ctx.Err() == nil {
					slow.Next(ctx, 1, true)
					time.Sleep(29 * time.Second)
				}
			}()
			quick := make(chan int)
			go func() { quick <- len(receive(t.Context(), fast, n, 10, 0)) }()
			began := time.Now()
			for i := range n {
				if wanted, err := send(t.Context(), s, tx(i, size)); err != nil || wanted != 1 {
					t.Fatal(wanted, err)
				}
			}
			if got, took := <-quick, time.Since(began); got != n || took > readerLag {
				t.Errorf("%d of %d in %v", got, n, took)
			}
			bounded(t, q)
			cancel()
			time.Sleep(time.Minute)
		})
	}
}

// Of several that are all slow, the furthest has everything, and the others do not
// hold it up.
func TestTxQueueFurthestHasAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		q := newTxQueue(0)
		s := q.newSender(t.Context())
		slow, slower := q.newReader(), q.newReader()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for ctx.Err() == nil {
				slower.Next(ctx, 1, true)
				time.Sleep(time.Hour)
			}
		}()
		got := make(chan int)
		go func() { got <- len(receive(t.Context(), slow, n, 3, 10*time.Second)) }()
		began := time.Now()
		for i := range n {
			if wanted, err := send(t.Context(), s, tx(i, 16_000)); err != nil || wanted != 1 {
				t.Fatal(wanted, err)
			}
		}
		if n := <-got; n != 1000 || time.Since(began) > (1000/3+2)*20*time.Second {
			t.Errorf("%d of 1000 in %v", n, time.Since(began))
		}
		cancel()
		time.Sleep(2 * time.Hour)
	})
}

// What a reader was told of stays until it has acknowledged it, however many
// transactions behind it are in a block and never announced.
func TestTxQueueKeepsWhatIsAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTxQueue(0)
		s, r := q.newSender(t.Context()), q.newReader()
		var told []ledger.Tx
		for n := range 5 {
			told = append(told, tx(n, 16_000))
		}
		if _, err := send(t.Context(), s, told...); err != nil {
			t.Fatal(err)
		}
		list, err := r.Next(t.Context(), 10, true)
		if err != nil || len(list) != 5 {
			t.Fatal(list, err)
		}
		for n := 100; n < 120; n++ {
			if _, err := send(t.Context(), s, tx(n, 100)); err != nil {
				t.Fatal(err)
			}
			q.mu.Lock()
			q.remove(q.has[tx(n, 0).ID.Hash])
			q.mu.Unlock()
		}
		if more, err := r.Next(t.Context(), 5, false); err != nil || len(more) != 0 {
			t.Fatal(more, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for n := 1000; err == nil; n++ {
			_, err = send(ctx, s, tx(n, 16_000))
		}
		txs, err := r.Get(t.Context(), []ledger.TxID{told[0].ID, told[4].ID})
		if err != nil || len(txs) != 2 {
			t.Errorf("%d of 2 that were announced, %v", len(txs), err)
		}
		// When it waits for more it has acknowledged all, and makes room.
		used := q.used.txs
		if _, err := r.Next(t.Context(), 10, true); err != nil || q.used.txs != used-5 {
			t.Errorf("%d of %d in use, %v", q.used.txs, used, err)
		}
	})
}

// A transaction whose block is rolled back is passed on when it comes again.
func TestTxOfRolledBackBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var block ledger.Block
		var txs []ledger.Tx
		g := chaintest.NewGenerator(chaintest.Config{Seed: 7, BlockSize: 1100})
		r := &Relay{store: newStore(nil, 1<<20), txs: newTxQueue(0)}
		owner := bodies{r}
		extend := func(b ledger.Block) error {
			owner.Hold(follow.Body{Block: b})
			return owner.Adopt(r.store.Tip(), []ledger.Point{b.Header.Point()})
		}
		for len(txs) == 0 {
			var err error
			if block = g.Next(); block.Header.BlockNo > 0 {
				if txs, err = block.Txs(); err != nil {
					t.Fatal(err)
				}
			}
			if len(txs) == 0 {
				if err := extend(block); err != nil {
					t.Fatal(err)
				}
			}
		}
		before := r.store.Tip()
		s := r.txs.newSender(t.Context())
		other := tx(1, 100)
		wanted := func() int {
			t.Helper()
			n, err := send(t.Context(), s, txs[0], other)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := wanted(); n != 2 {
			t.Errorf("wants %d of 2", n)
		}
		if err := extend(block); err != nil {
			t.Fatal(err)
		}
		if n := wanted(); n != 0 {
			t.Errorf("wants %d that are in a block or here", n)
		}
		for range 2 { // it may go and come more than once
			if err := owner.Adopt(before, nil); err != nil {
				t.Fatal(err)
			}
			if n := wanted(); n != 1 {
				t.Errorf("wants %d of 1 whose block was rolled back", n)
			}
			if err := extend(block); err != nil {
				t.Fatal(err)
			}
		}
		// It is remembered for as long as others, counted from the last time.
		for n := range maxPassed - 1 {
			r.txs.remember(tx(1000+n, 1).ID.Hash)
		}
		if n := wanted(); n != 0 {
			t.Errorf("wants %d", n)
		}
		r.txs.remember(ledger.Hash{0xff})
		if n := wanted(); n != 1 {
			t.Errorf("wants %d", n)
		}
	})
}

// What a sender asked for and did not get, or never will, is free again; so is
// what was in a block.
func TestTxQueueGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTxQueue(0)
		ctx, cancel := context.WithCancel(t.Context())
		s := q.newSender(ctx)
		asked, err := s.Want(ctx, announced(tx(1, 100), tx(2, 100), tx(3, 20_000)))
		if err != nil || len(asked) != 2 { // the third is too large
			t.Fatal(asked, err)
		}
		if err := s.Deliver(ctx, asked, []ledger.Tx{tx(1, 100)}); err != nil {
			t.Fatal(err)
		}
		if q.used != (usage{1, 100}) || s.own != q.used {
			t.Errorf("%v used", q.used)
		}
		if _, err := s.Want(ctx, announced(tx(2, 100))); err != nil {
			t.Fatal(err)
		}
		cancel()
		synctest.Wait()
		if q.used != (usage{1, 100}) {
			t.Errorf("%v used after the session", q.used)
		}
		q.mu.Lock()
		q.remove(q.has[tx(1, 0).ID.Hash])
		q.progress(time.Now())
		q.mu.Unlock()
		if q.used != (usage{}) || len(q.txs) != 0 {
			t.Errorf("%v used, %d queued", q.used, len(q.txs))
		}
		again := q.newSender(t.Context())
		if asked, err := again.Want(t.Context(), announced(tx(1, 100), tx(2, 100))); err != nil || len(asked) != 1 || asked[0] != tx(2, 0).ID {
			t.Errorf("wants %v, %v", asked, err)
		}
		// One that is larger than announced is not passed on.
		if err := again.Deliver(t.Context(), nil, []ledger.Tx{tx(4, DefaultMaxTxSize+1)}); err != nil || len(q.txs) > 0 {
			t.Errorf("%d queued, %v", len(q.txs), err)
		}
	})
}

// A sender whose session ends while it waits leaves no trace.
func TestTxQueueWaiterLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTxQueue(0)
		s := q.newSender(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var err error
		for n := 0; err == nil; n++ {
			_, err = send(ctx, s, tx(n, 16_000))
		}
		q.mu.Lock()
		defer q.mu.Unlock()
		if !errors.Is(err, context.DeadlineExceeded) || len(q.waiting) > 0 || len(s.asked) > 0 {
			t.Errorf("%v, %d wait, %d asked for", err, len(q.waiting), len(s.asked))
		}
	})
}

// A sender whose session has ended gets no room, whatever it still has in hand:
// nobody would give it back.
func TestTxQueueEndedSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTxQueue(0)
		ctx, cancel := context.WithCancel(t.Context())
		s := q.newSender(ctx)
		filler := q.newSender(t.Context())
		full, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		var err error
		for n := 0; err == nil; n++ {
			_, err = send(full, filler, tx(n, 16_000))
		}
		other := q.newSender(t.Context())
		for n := 500; q.used.bytes+16_100 <= maxTxBytes; n++ {
			if _, err := send(t.Context(), other, tx(n, 16_000)); err != nil {
				t.Fatal(err)
			}
			other = q.newSender(t.Context())
		}
		// One waits, one comes when all is over.
		w, next := s.request(announced(tx(1001, 16_000), tx(1002, 16_000)))
		cancel()
		synctest.Wait()
		if len(q.waiting) > 0 {
			t.Errorf("%d wait", len(q.waiting))
		}
		if err := q.wait(ctx, w, next); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		used := q.used
		if late, _ := s.request(announced(tx(1, 1), tx(1003, 16_000))); late != nil || len(q.waiting) > 0 {
			t.Errorf("%v, %d wait", late, len(q.waiting))
		}
		receive(t.Context(), q.newReader(), 20, 10, 0)
		if q.used.txs >= used.txs || s.own != (usage{}) || len(s.asked) > 0 {
			t.Errorf("%v used, %v of the one that ended", q.used, s.own)
		}
	})
}

// One who wants much gets its turn although others want little again and again.
func TestTxQueueTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTxQueue(0)
		fill := func(n int) (queued bool) {
			s := q.newSender(t.Context())
			w, _ := s.request(announced(tx(n, 16_000)))
			select {
			case <-w.room:
				s.Deliver(t.Context(), []ledger.TxID{tx(n, 0).ID}, []ledger.Tx{tx(n, 16_000)})
				return true
			default:
				return false
			}
		}
		n := 0
		for fill(n) {
			n++
		}
		q.waiting = nil // that of the last
		var much []ledger.Tx
		for i := range 10 {
			much = append(much, tx(10_000+i, 16_000))
		}
		w, _ := q.newSender(t.Context()).request(announced(much...))
		r := q.newReader()
		for range 2*maxPassing + 10 {
			receive(t.Context(), r, 1, 1, 0)
			n++
			fill(n)
		}
		select {
		case <-w.room:
		default:
			t.Error("it waits still")
		}
		if w.passed != maxPassing {
			t.Errorf("%d passed it", w.passed)
		}
		bounded(t, q)
	})
}

// No size that a network may have makes a sender wait for more than there is.
func TestTxQueueLargeTransactions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTxQueue(maxTxBytes / 3)
		var txs []ledger.Tx
		for n := range 10 {
			txs = append(txs, tx(n, maxTxBytes/3-100))
		}
		if asked, err := q.newSender(t.Context()).Want(t.Context(), announced(txs...)); err != nil || len(asked) != 3 {
			t.Errorf("wants %d, %v", len(asked), err)
		}
	})
}

// A transaction that stays does not keep the places of those after it, and what
// readers see does not depend on it.
func TestTxQueueTightens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTxQueue(0)
		s := q.newSender(t.Context())
		if _, err := send(t.Context(), s, tx(0, 100)); err != nil {
			t.Fatal(err)
		}
		fresh, ahead := q.newReader(), q.newReader()
		receive(t.Context(), ahead, 1, 10, 0)
		kept := 0
		for n := 1; n <= 5000; n++ {
			if _, err := send(t.Context(), s, tx(n, 100)); err != nil {
				t.Fatal(err)
			}
			q.mu.Lock()
			if n%500 == 0 {
				kept++
			} else {
				q.remove(q.has[tx(n, 0).ID.Hash])
			}
			q.progress(time.Now())
			if len(q.txs) > 2*len(q.has)+64 || len(q.has) != 1+kept || q.used.txs != 1+kept {
				t.Fatalf("%d places for %d transactions, %v used", len(q.txs), len(q.has), q.used)
			}
			q.mu.Unlock()
		}
		if got := receive(t.Context(), ahead, kept, 3, 0); got[0] != tx(500, 0).ID || got[kept-1] != tx(5000, 0).ID {
			t.Errorf("%v", got)
		}
		if got := receive(t.Context(), fresh, 1+kept, 3, 0); got[0] != tx(0, 0).ID || got[kept] != tx(5000, 0).ID {
			t.Errorf("%v", got)
		}
	})
}

// A reader that asks for the same again and again lags like one that takes
// nothing.
func TestTxQueueReaderAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTxQueue(0)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := q.newSender(ctx)
		if _, err := send(ctx, s, tx(0, 16_000), tx(1, 16_000)); err != nil {
			t.Fatal(err)
		}
		r, other := q.newReader(), q.newReader()
		receive(ctx, r, 1, 1, 0)
		go func() {
			for ctx.Err() == nil {
				r.Get(ctx, []ledger.TxID{tx(0, 0).ID})
				time.Sleep(time.Second)
			}
		}()
		go receive(ctx, other, 1e6, 10, 0)
		began := time.Now()
		for n := range 300 {
			if _, err := send(ctx, s, tx(2+n, 16_000)); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took > 2*readerLag {
			t.Errorf("took %v", took)
		}
		cancel()
		time.Sleep(time.Second)
	})
}

// What comes in one message goes on in one message, however goroutines run.
func TestTxQueueKeepsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTxQueue(0)
		s := q.newSender(t.Context())
		readers := []*txReader{q.newReader(), q.newReader()}
		for n := range 20 {
			var txs []ledger.Tx
			for i := range 10 {
				txs = append(txs, tx(10*n+i, 10))
			}
			got := make(chan int)
			for _, r := range readers {
				go func() {
					list, _ := r.Next(t.Context(), 20, true)
					got <- len(list)
				}()
			}
			synctest.Wait()
			if _, err := send(t.Context(), s, txs...); err != nil {
				t.Fatal(err)
			}
			for range readers {
				if n := <-got; n != len(txs) {
					t.Fatalf("%d of %d announced", n, len(txs))
				}
			}
		}
	})
}

// The present era is the one of the schedule, or of the last block if that is later.
// converse takes transactions as a node does that ends the conversation when it gets
// one that it cannot decode; whole reports that ctx ended before.
func converse(ctx context.Context, q *txQueue, bad func(ledger.TxID) bool) (taken []ledger.TxID, whole bool) {
	r := q.newReader()
	defer r.close()
	for {
		list, err := r.Next(ctx, txsubmission.MaxUnacknowledged, true)
		if err != nil {
			return taken, true
		}
		for more := list; len(more) > 0 && len(list) < txsubmission.MaxUnacknowledged; list = append(list, more...) {
			more, _ = r.Next(ctx, txsubmission.MaxUnacknowledged-len(list), false)
		}
		var ids []ledger.TxID
		for _, a := range list {
			ids = append(ids, a.ID)
		}
		r.Get(ctx, ids)
		if slices.ContainsFunc(ids, bad) {
			return taken, false
		}
		taken = append(taken, ids...)
	}
}

// A transaction that no node can decode ends a few conversations and not all that
// there will ever be; those before and after it arrive.
func TestTxQueueUndecodable(t *testing.T) {
	for _, poison := range [][]int{{0}, {7}, {9}, {24}, {3, 4, 18}, {-1, 0}, {-1, 3, 9}} {
		synctest.Test(t, func(t *testing.T) {
			q := newTxQueue(0)
			var dropped []ledger.TxID
			q.dropped = func(id ledger.TxID) {
				q.status() // what is told may ask: no lock is held
				dropped = append(dropped, id)
			}
			s := q.newSender(t.Context())
			for i := range 25 {
				send(t.Context(), s, tx(i, 300))
			}
			bad := func(id ledger.TxID) bool {
				return slices.ContainsFunc(poison, func(n int) bool { return id == tx(n, 0).ID })
			}
			if poison[0] < 0 { // another peer has all but the bad ones from us
				poison = poison[1:]
				other := q.newReader()
				defer other.close()
				for range 25 {
					list, _ := other.Next(t.Context(), 1, true)
					if !bad(list[0].ID) {
						other.Get(t.Context(), []ledger.TxID{list[0].ID})
					}
				}
				other.announce(1, true)
			}
			arrived := make(map[ledger.TxID]bool)
			ended := 0
			for whole := false; !whole; ended++ {
				if ended > 5*len(poison) {
					t.Fatalf("with %v: %d of 25 arrived in %d conversations", poison, len(arrived), ended)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				var ids []ledger.TxID
				ids, whole = converse(ctx, q, bad)
				for _, id := range ids {
					arrived[id] = true
				}
				cancel()
			}
			if len(arrived) != 25-len(poison) {
				t.Errorf("with %v: %d of 25 arrived", poison, len(arrived))
			}
			if len(dropped) != len(poison) || slices.ContainsFunc(dropped, func(id ledger.TxID) bool { return !bad(id) }) {
				t.Errorf("with %v: told of %v", poison, dropped)
			}
		})
	}
}

// An upstream peer that ends each conversation when it has got something has no
// transaction dropped that another one has taken.
func TestTxQueueHostileReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTxQueue(0)
		s, honest := q.newSender(t.Context()), q.newReader()
		for i := range 25 {
			send(t.Context(), s, tx(i, 300))
		}
		var same []*txReader // that end at once, with the same
		for range 5 {
			r := q.newReader()
			receive(t.Context(), r, 10, 10, 0)
			same = append(same, r)
		}
		for _, r := range same {
			r.close()
		}
		for range 20 { // asks for nothing
			r := q.newReader()
			r.Next(t.Context(), 1, true)
			r.close()
		}
		receive(t.Context(), honest, 25, 10, 0)
		honest.announce(1, true) // has acknowledged all
		for range 20 {
			converse(t.Context(), q, func(ledger.TxID) bool { return true })
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if ids, _ := converse(ctx, q, func(ledger.TxID) bool { return false }); len(ids) != 25 {
			t.Errorf("%d of 25 arrive at another peer", len(ids))
		}
	})
}

// Who never waits for more acknowledges all the same.
func TestTxQueueSuspects(t *testing.T) {
	q := newTxQueue(0)
	s, r := q.newSender(t.Context()), q.newReader()
	for i := range 25 {
		send(t.Context(), s, tx(i, 300))
	}
	for i := range 25 {
		r.announce(1, false)
		r.Get(t.Context(), []ledger.TxID{tx(i, 0).ID})
	}
	r.close()
	for i := range q.txs {
		if got, want := q.txs[i].suspect, i >= 25-txsubmission.MaxUnacknowledged; got != want {
			t.Errorf("%d is a suspect: %t", i, got)
		}
		if q.txs[i].sound == q.txs[i].suspect {
			t.Errorf("%d is sound: %t", i, q.txs[i].sound)
		}
	}
}

// A conversation that ends in order, when a connection cools, casts no suspicion on
// what was sent last, although the peer was never seen to acknowledge it.
func TestTxQueueOrderlyEnd(t *testing.T) {
	for _, reason := range []error{nil, io.EOF} {
		synctest.Test(t, func(t *testing.T) {
			q := newTxQueue(0)
			s := q.newSender(t.Context())
			for i := range 5 {
				send(t.Context(), s, tx(i, 300))
			}
			ctx, end := context.WithCancelCause(t.Context())
			source := (&Relay{txs: q}).offer(ctx, nil)
			receive(t.Context(), source.(*txReader), 5, 5, 0)
			end(reason)
			synctest.Wait()
			suspects := 0
			for i := range q.txs {
				if q.txs[i].suspect {
					suspects++
				}
			}
			if (suspects > 0) != (reason != nil) || len(q.readers) > 0 {
				t.Errorf("ended for %v: %d suspects, %d readers", reason, suspects, len(q.readers))
			}
		})
	}
}

func TestPresentEra(t *testing.T) {
	n := ledger.Mainnet
	alonzo := n.SlotTime(n.Eras[ledger.Alonzo].Start)
	for _, test := range []struct {
		now  time.Time
		tip  ledger.Era
		want ledger.Era
	}{
		{alonzo, ledger.Byron, ledger.Alonzo},
		{alonzo.Add(-time.Second), ledger.Byron, ledger.Mary},
		{alonzo, ledger.Conway, ledger.Conway},
		{n.Start.Add(-time.Second), ledger.Shelley, ledger.Shelley},
	} {
		var r Relay
		r.cfg.Follow.Network = n
		r.tipEra.Store(uint32(test.tip))
		if got := r.era(test.now); got != test.want {
			t.Errorf("at %v after a block of %v: %v, want %v", test.now, test.tip, got, test.want)
		}
	}
}

// However many submit while the queue is full, one of them waits in it, and the
// others for their turn, each with its own context.
func TestSubmitTakesTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &Relay{txs: newTxQueue(0), submitting: make(chan struct{}, 1), ended: t.Context()}
		r.submitter = r.txs.newSender(t.Context())
		full, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var err error
		for n := 0; err == nil; n++ {
			err = r.queue(full, tx(n, 16_000))
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		first, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		second, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ended := make(chan error, 10)
		began := time.Now()
		for n := range cap(ended) {
			ctx := second
			if n == 0 {
				ctx = first
			}
			go func() { ended <- r.queue(ctx, tx(1000+n, 16_000)) }()
			synctest.Wait()
		}
		r.txs.mu.Lock()
		if n := len(r.txs.waiting); n != 1 {
			t.Errorf("%d wait in the queue", n)
		}
		r.txs.mu.Unlock()
		for range cap(ended) - 1 {
			if err := <-ended; !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
				t.Errorf("%v after %v", err, time.Since(began))
			}
		}
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("the first: %v after %v", err, time.Since(began))
		}
		bounded(t, r.txs)
	})
}
