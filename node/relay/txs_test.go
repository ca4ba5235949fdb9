package relay

import (
	"context"
	"encoding/binary"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/txsubmission"
)

func tx(n, size int) ledger.Tx {
	raw := make([]byte, size)
	var id ledger.TxID
	binary.BigEndian.PutUint64(id.Hash[:], uint64(n))
	return ledger.Tx{ID: id, Raw: ledger.RawTx{Era: ledger.Conway, Bytes: raw}}
}

func ids(t *testing.T, c *cursor, most int) (ids []ledger.TxID) {
	t.Helper()
	announced, err := c.Next(t.Context(), most, false)
	if err != nil || len(announced) > most {
		t.Fatal(len(announced), err)
	}
	for _, a := range announced {
		ids = append(ids, a.ID)
	}
	return ids
}

// Each peer is told of each transaction once, in the order in which they came.
func TestTxQueueOrder(t *testing.T) {
	q := newTxQueue()
	a, b := &cursor{q: q}, &cursor{q: q}
	for n := range 30 {
		q.add(tx(n, 100))
		q.add(tx(n/2, 100)) // is there already
	}
	var got []ledger.TxID
	for range 7 {
		got = append(got, ids(t, a, 5)...)
	}
	got = append(got[:10:10], got[10:]...)
	if len(got) != 30 || len(ids(t, b, 100)) != 30 || ids(t, a, 5) != nil {
		t.Fatalf("%d announced", len(got))
	}
	for n, id := range got {
		if id != tx(n, 1).ID {
			t.Errorf("transaction %d is %v", n, id)
		}
	}
	txs, err := a.Get(t.Context(), []ledger.TxID{tx(29, 0).ID, tx(99, 0).ID, tx(3, 0).ID})
	if err != nil || len(txs) != 2 {
		t.Errorf("%d transactions, %v", len(txs), err)
	}
}

// The queue is bounded in number and in bytes; the oldest go.
func TestTxQueueBounds(t *testing.T) {
	for _, size := range []int{10, 1000, 16_000, 2 * maxTxBytes} {
		q := newTxQueue()
		c, late := &cursor{q: q}, &cursor{q: q}
		ids(t, c, 1)
		for n := range 3 * maxTxs {
			q.add(tx(n, size))
			if len(q.txs) > maxTxs || len(q.txs) != len(q.has) || q.bytes > maxTxBytes && len(q.txs) > 1 {
				t.Fatalf("%d transactions, %d bytes", len(q.txs), q.bytes)
			}
			if got := ids(t, c, 10); len(got) != 1 || got[0] != tx(n, 0).ID {
				t.Fatalf("announced %v", got)
			}
		}
		if got := ids(t, late, 2*maxTxs); len(got) != len(q.txs) || got[len(got)-1] != tx(3*maxTxs-1, 0).ID {
			t.Errorf("a late reader sees %d of %d", len(got), len(q.txs))
		}
		if txs, _ := late.Get(t.Context(), []ledger.TxID{tx(0, 0).ID}); len(txs) != 0 {
			t.Error("the oldest is still there")
		}
	}
}

func TestTxQueueWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTxQueue()
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan int)
		go func() {
			c := &cursor{q: q}
			for {
				txs, err := c.Next(ctx, 10, true)
				if err != nil {
					close(got)
					return
				}
				got <- len(txs)
			}
		}()
		synctest.Wait()
		s := sink{q}
		if err := s.Deliver(ctx, nil, []ledger.Tx{tx(1, 10)}); err != nil || <-got != 1 {
			t.Error(err)
		}
		announced := []txsubmission.Announced{{ID: tx(1, 0).ID}, {ID: tx(2, 0).ID}}
		if want, err := s.Want(ctx, announced); err != nil || len(want) != 1 || want[0] != tx(2, 0).ID {
			t.Errorf("wants %v, %v", want, err)
		}
		cancel()
		if _, ok := <-got; ok {
			t.Error("an announcement")
		}
	})
}

// What comes in one message goes on in one message, however goroutines run.
func TestTxQueueKeepsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = maxTxs // so many that whoever is woken too early does not find all
		q := newTxQueue()
		for n := range 20 {
			txs := make([]ledger.Tx, size)
			for i := range txs {
				txs[i] = tx(size*n+i, 10)
			}
			got := make(chan int)
			for range 2 {
				go func() {
					c := &cursor{q: q, next: int64(size * n)}
					announced, _ := c.Next(t.Context(), 2*size, true)
					got <- len(announced)
				}()
			}
			synctest.Wait()
			sink{q}.Deliver(t.Context(), nil, txs)
			for range 2 {
				if n := <-got; n != size {
					t.Fatalf("%d of %d announced", n, size)
				}
			}
		}
	})
}

// A message is taken as a whole also where it is more than fits: what it has
// twice counts once, and goes with the oldest.
func TestTxQueueTakesMessageAtOnce(t *testing.T) {
	q := newTxQueue()
	var txs []ledger.Tx
	for n := range maxTxs + 1 {
		txs = append(txs, tx(n, 10))
	}
	sink{q}.Deliver(t.Context(), nil, append(txs, tx(0, 10)))
	got := ids(t, &cursor{q: q}, 2*maxTxs)
	if len(got) != maxTxs || got[0] != tx(1, 0).ID || got[maxTxs-1] != tx(maxTxs, 0).ID {
		t.Errorf("%d transactions, from %v to %v", len(got), got[0], got[len(got)-1])
	}
}
