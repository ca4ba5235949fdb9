package relay_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

// steps counts the steps of the decisions.
type steps struct{ n *atomic.Int64 }

func (s steps) Step(_, _ []byte) error { s.n.Add(1); return nil }

// What being observed costs, in parts of what a block costs a relay that syncs small
// blocks over loopback and verifies nothing: events with an Observer, whose
// functions count, and the lock of each step, which is there always.
func BenchmarkObserver(b *testing.B) {
	const blocks = 4000
	c := newChain().Grow(blocks)
	peer := nodetest.Loopback(b, node.Config{Network: network(), Sources: c.Sources()})
	sync4000 := func(o relay.Observer, conns node.Observer, d follow.Decisions) time.Duration {
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		told := o.Event
		o.Event = func(ev follow.Event) {
			if told != nil {
				told(ev)
			}
			if f, ok := ev.(follow.RollForward); ok && f.Block.Header.BlockNo == blocks-1 {
				cancel()
			}
		}
		r, err := relay.New(relay.Config{
			Follow:   follow.Config{Config: node.Config{Network: network(), Observer: conns}, Peers: []string{peer}, Decisions: d},
			NoVerify: true, Observer: o,
		})
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		if err := r.Run(ctx); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	var events, taken atomic.Int64
	count := relay.Observer{
		Event:    func(follow.Event) { events.Add(1) },
		Resuming: func(_, _ ledger.Tip) { events.Add(1) },
	}
	conns := node.Observer{
		Connected: func(*node.Conn) { events.Add(1) },
		Closed:    func(*node.Conn) { events.Add(1) },
		RoundTrip: func(*node.Conn, time.Duration) { events.Add(1) },
		Lost:      func(string, error, time.Duration) { events.Add(1) },
		Stopped:   func(string, error, time.Duration) { events.Add(1) },
	}
	sync4000(count, conns, steps{&taken})
	perBlock, stepsPerBlock := float64(events.Load())/blocks, float64(taken.Load())/blocks

	least := time.Hour // of what a block takes: the part is the largest then
	for range 5 {
		least = min(least, sync4000(relay.Observer{}, node.Observer{}, nil)/blocks)
	}
	var ev follow.Event = follow.RollForward{Block: c.Blocks()[0]}
	var mu sync.Mutex
	held := 0
	for name, row := range map[string]struct {
		perBlock float64
		do       func()
	}{
		"event": {perBlock, func() {
			if count.Event != nil {
				count.Event(ev)
			}
		}},
		"lock": {stepsPerBlock, func() {
			mu.Lock()
			held++
			mu.Unlock()
		}},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				row.do()
				n++
			}
			each := float64(b.Elapsed().Nanoseconds()) / float64(n)
			b.ReportMetric(row.perBlock, "/block")
			b.ReportMetric(float64(least.Nanoseconds()), "ns/block")
			b.ReportMetric(100*each*row.perBlock/float64(least.Nanoseconds()), "%block")
		})
	}
}
