package relay

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/txsubmission"
)

// script draws from the bytes of an input, and when they are used up from a
// generator, as some ways to draw a number go on until a byte fits.
type script struct {
	left []byte
	pcg  *rand.PCG
}

func newScript(b []byte) *script { return &script{b, rand.NewPCG(1, 1)} }

// Uint64 implements rand.Source. A byte is spread over the word, so that
// numbers below any n depend on it.
func (s *script) Uint64() uint64 {
	if len(s.left) == 0 {
		return s.pcg.Uint64()
	}
	x := uint64(s.left[0])
	s.left = s.left[1:]
	return x * 0x0101010101010101
}

// FuzzStore changes and reads a store in the way that an input chooses, and
// compares it with a list of blocks. See TestStore.
func FuzzStore(f *testing.F) {
	for seed := range byte(4) {
		var b [120]byte
		rand.NewChaCha8([32]byte{seed}).Read(b[:])
		f.Add(b[:], seed)
	}
	f.Fuzz(func(t *testing.T, in []byte, k uint8) {
		w := newStoreWorld(t, uint64(k), false)
		in = in[:min(len(in), 500)]
		s := newScript(in)
		w.r = rand.New(s)
		for len(s.left) > 0 {
			w.act()
			w.check()
		}
		for _, r := range w.readers {
			for w.read(r) {
			}
		}
	})
}

// FuzzTxQueue lets senders and readers come, act and go, two bytes at a time.
// The counts of the queue are what is in it, it is within its bounds, and each
// reader gets each transaction once and in order, unless it was in a block.
func FuzzTxQueue(f *testing.F) {
	f.Add([]byte{0, 1, 0, 2, 128, 3, 64, 9, 128, 1, 65, 200, 0, 1})
	f.Add([]byte{63, 0, 63, 1, 63, 2, 63, 3, 128, 3, 63, 4, 129, 9, 200, 1, 230, 0, 240, 1})
	f.Fuzz(func(t *testing.T, in []byte) {
		q := newTxQueue(0)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		senders := []*txSender{q.newSender(ctx), q.newSender(ctx), q.newSender(ctx)}
		readers := []*queueReader{{txReader: q.newReader()}, {txReader: q.newReader()}}
		waiting := make([]*txWaiter, len(senders))
		var came []ledger.TxID
		lost := make(map[ledger.TxID]bool)
		ends := 0 // of conversations
		deliver := func(i int) {
			w := waiting[i]
			if w == nil {
				return
			}
			select {
			case <-w.room:
			default:
				return
			}
			waiting[i] = nil
			var asked []ledger.TxID
			var txs []ledger.Tx
			for n, a := range w.want {
				asked = append(asked, a.ID)
				if n%3 == 2 {
					continue // it does not have it any more
				}
				if !q.knows(a.ID.Hash) {
					came = append(came, a.ID)
				}
				txs = append(txs, tx(int(binary.BigEndian.Uint64(a.ID.Hash[:])), int(a.Size)-5))
			}
			if err := senders[i].Deliver(ctx, asked, txs); err != nil {
				t.Fatal(err)
			}
		}
		for ; len(in) >= 2; in = in[2:] {
			i := int(in[1]) % len(senders)
			switch op := in[0]; {
			case op < 128: // up to 10 ids of 1024, the larger the number the larger they are
				if waiting[i] == nil {
					var ids []txsubmission.Announced
					for n := range 1 + int(op)%10 {
						ids = append(ids, txsubmission.Announced{ID: tx(4*int(in[1])+n, 0).ID, Size: uint32(6 + int(op)*150)})
					}
					waiting[i], _ = senders[i].request(ids)
				}
				deliver(i)
			case op < 200:
				readers[int(op)%len(readers)].read(t, int(in[1]%20), came, lost)
			case op < 220:
				deliver(i)
			case len(q.has) > 0 && op < 250:
				q.mu.Lock()
				for n := range q.txs { // the first that is there
					if x := &q.txs[n]; x.from != nil {
						lost[x.ID] = true
						q.remove(q.first + int64(n))
						break
					}
				}
				q.progress(time.Now())
				q.mu.Unlock()
			case op >= 250: // a conversation ends, and another one begins, or only acknowledges
				r := readers[int(in[1])%len(readers)]
				if r.announce(0, true); op < 253 || ends == 20 { // or it takes long
					break
				}
				ends++
				r.read(t, int(in[1])%12, came, lost)
				r.close()
				for _, id := range came {
					if _, here := q.has[id.Hash]; !here {
						lost[id] = true
					}
				}
				r.txReader, r.at, r.second = q.newReader(), 0, true
			}
			checkQueue(t, q, senders)
		}
		for _, r := range readers {
			more := true
			for more {
				r.announce(0, true) // or a suspect would stay alone
				more = r.read(t, 100, came, lost)
			}
			for _, id := range came[r.at:] {
				if r.missed(id, lost) {
					t.Fatalf("a reader was not told of %v", id)
				}
			}
		}
	})
}

// queueReader is a peer with what it has been told.
type queueReader struct {
	*txReader
	at int // how many of what came it has been told or was in a block

	second bool // began late: what all others have may be gone before it hears of it
}

// missed reports whether the reader has to be told of a transaction.
func (r *queueReader) missed(id ledger.TxID, lost map[ledger.TxID]bool) bool {
	_, here := r.q.has[id.Hash]
	return !lost[id] && (here || !r.second)
}

func (r *queueReader) read(t *testing.T, most int, came []ledger.TxID, lost map[ledger.TxID]bool) (more bool) {
	t.Helper()
	list, err := r.Next(t.Context(), most, false)
	if err != nil || len(list) > most {
		t.Fatalf("%d ids, %v", len(list), err)
	}
	for _, a := range list {
		n := slices.Index(came[r.at:], a.ID)
		if n < 0 {
			t.Fatalf("%v again, or never added", a.ID)
		}
		for _, id := range came[r.at : r.at+n] {
			if r.missed(id, lost) {
				t.Fatalf("%v before %v", a.ID, id)
			}
		}
		r.at += n + 1
		txs, err := r.Get(t.Context(), []ledger.TxID{a.ID})
		if gone := r.second && len(txs) == 0; err != nil || !gone && (len(txs) != 1 || txs[0].WireSize() != a.Size) {
			t.Fatalf("%d transactions for %v, %v", len(txs), a, err)
		}
	}
	return len(list) > 0
}

// checkQueue counts again what the queue keeps count of.
func checkQueue(t *testing.T, q *txQueue, senders []*txSender) {
	t.Helper()
	var kept, used usage
	own := make(map[*txSender]*usage)
	for _, s := range senders {
		own[s] = new(usage)
		for _, size := range s.asked {
			own[s].add(1, size)
			used.add(1, size)
		}
	}
	n := 0
	for i := range q.txs {
		x := &q.txs[i]
		ticket := q.first + int64(i)
		switch {
		case x.from == nil:
			continue
		case ticket < q.floor:
			kept.add(1, x.size())
		default:
			used.add(1, x.size())
			own[x.from].add(1, x.size())
		}
		n++
		if q.has[x.ID.Hash] != ticket {
			t.Fatalf("ticket %d of number %d from %d", q.has[x.ID.Hash], i, q.first)
		}
	}
	if kept != q.kept || used != q.used || n != len(q.has) {
		t.Fatalf("kept %v, used %v, %d ids; noted are %v, %v, %d", kept, used, n, q.kept, q.used, len(q.has))
	}
	if kept.txs+used.txs > maxTxs || kept.bytes+used.bytes > maxTxBytes {
		t.Fatalf("kept %v, used %v", kept, used)
	}
	for _, s := range senders {
		if *own[s] != s.own {
			t.Fatalf("a sender uses %v, noted is %v", *own[s], s.own)
		}
	}
	if len(q.past) > maxPassed || len(q.gone) > maxPassed {
		t.Fatalf("%d ids are remembered", len(q.gone))
	}
}
