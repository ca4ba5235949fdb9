package chain

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// line returns n headers in a row.
func line(n int) []ledger.Header {
	hs := make([]ledger.Header, n)
	raw := make([]byte, 860)
	for i := range hs {
		h := &hs[i]
		h.Raw = ledger.RawHeader{Era: ledger.Conway, Bytes: raw}
		binary.BigEndian.PutUint64(h.Hash[:], uint64(i+1))
		h.Slot, h.BlockNo, h.BodySize = ledger.Slot(20*i), ledger.BlockNo(i), 20_000
		if i > 0 {
			h.Prev, h.HasPrev = hs[i-1].Hash, true
		}
	}
	return hs
}

// BenchmarkSync takes 100,000 blocks from the first of several peers through
// the core, as a caller does; all peers send the headers.
func BenchmarkSync(b *testing.B) {
	const blocks = 100_000
	hs := line(blocks)
	for _, peers := range []int{1, 10} {
		b.Run(fmt.Sprintf("peers=%d", peers), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				syncAll(b, hs, peers)
			}
			perS := float64(blocks) * float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(perS, "blocks/s")
		})
	}
}

func syncAll(tb testing.TB, hs []ledger.Header, peers int) {
	core, err := New(Config{K: 2160})
	if err != nil {
		tb.Fatal(err)
	}
	tip := hs[len(hs)-1].Tip()
	sent, credit := make([]int, peers), make([]int, peers)
	var todo []Effect
	var asks []Fetch
	var now time.Duration
	do := func(ev Event) {
		now += time.Microsecond
		todo = append(todo, core.Step(now, ev)...)
	}
	for i := range peers {
		do(PeerConnected{Peer: PeerID(i)})
	}
	for adopted := 0; adopted < len(hs); {
		for len(todo) > 0 {
			e := todo[0]
			todo = todo[1:]
			switch e := e.(type) {
			case FindIntersect:
				do(Intersected{Peer: e.Peer, Tip: tip})
			case RequestHeaders:
				credit[e.Peer] += e.N
			case Fetch:
				asks = append(asks, e)
			case Adopt:
				adopted++
				do(Consumed{e.Bytes})
			case Immutable:
			default:
				tb.Fatalf("%T %+v", e, e)
			}
		}
		for i := range peers {
			if n := min(credit[i], len(hs)-sent[i]); n > 0 {
				ev := Headers{Peer: PeerID(i), Headers: hs[sent[i] : sent[i]+n], Tip: tip}
				sent[i], credit[i] = sent[i]+n, credit[i]-n
				do(ev)
			}
		}
		if len(asks) > 0 {
			a := asks[0]
			asks = asks[1:]
			for _, h := range a.Headers {
				do(BlockFetched{a.Peer, a.Range, h.Point(), 20_900})
			}
			do(RangeDone{a.Peer, a.Range})
		}
	}
}
