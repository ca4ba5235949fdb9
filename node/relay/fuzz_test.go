package relay

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/ledger"
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

// FuzzTxQueue adds transactions and lets peers read, two bytes at a time. The
// queue is within its bounds, and peers get each transaction once and in order,
// but for those that were dropped before they came to read.
func FuzzTxQueue(f *testing.F) {
	f.Add([]byte{0, 1, 0, 2, 128, 3, 64, 9, 128, 1, 65, 200, 0, 1})
	f.Add([]byte{63, 0, 63, 1, 63, 2, 63, 3, 128, 3, 63, 4, 129, 9})
	f.Fuzz(func(t *testing.T, in []byte) {
		q := newTxQueue()
		readers := []*queueReader{{cursor: cursor{q: q}}, {cursor: cursor{q: q}}, {cursor: cursor{q: q}}}
		var came []ledger.TxID
		for ; len(in) >= 2; in = in[2:] {
			if in[0] < 128 { // add one of 256, the larger the number the larger it is
				tx := tx(int(in[1]), 1+int(in[0])*300)
				if _, there := q.has[tx.ID]; !there {
					came = append(came, tx.ID)
				}
				q.add(tx)
			} else {
				readers[int(in[0])%len(readers)].read(t, int(in[1]%20), came)
			}
			checkQueue(t, q)
		}
		for _, r := range readers {
			for r.read(t, 100, came) {
			}
			if r.at != len(came) {
				t.Fatalf("a peer was told of transactions up to %d of %d", r.at, len(came))
			}
		}
	})
}

// queueReader is a peer with what it has been told.
type queueReader struct {
	cursor cursor
	at     int // how many of what came it has been told or has missed
}

func (r *queueReader) read(t *testing.T, most int, came []ledger.TxID) (more bool) {
	t.Helper()
	list, err := r.cursor.Next(t.Context(), most, false)
	if err != nil || len(list) > most {
		t.Fatalf("%d ids, %v", len(list), err)
	}
	for _, a := range list {
		n := slices.Index(came[r.at:], a.ID)
		if n < 0 {
			t.Fatalf("%v again, or never added", a.ID)
		}
		r.at += n + 1
		if txs, err := r.cursor.Get(t.Context(), []ledger.TxID{a.ID}); err != nil || len(txs) != 1 || txs[0].WireSize() != a.Size {
			t.Fatalf("%d transactions for %v, %v", len(txs), a, err)
		}
	}
	return len(list) > 0
}

func checkQueue(t *testing.T, q *txQueue) {
	t.Helper()
	size := 0
	for i, tx := range q.txs {
		size += len(tx.Raw.Bytes)
		if q.has[tx.ID] != q.first+int64(i) {
			t.Fatalf("ticket %d of number %d from %d", q.has[tx.ID], i, q.first)
		}
		if n := binary.BigEndian.Uint64(tx.ID.Hash[:]); n > 255 {
			t.Fatalf("transaction %d", n)
		}
	}
	if size != q.bytes || len(q.has) != len(q.txs) || len(q.txs) > maxTxs || len(q.txs) > 1 && size > maxTxBytes {
		t.Fatalf("%d transactions of %d bytes, noted are %d and %d", len(q.txs), size, len(q.has), q.bytes)
	}
}
