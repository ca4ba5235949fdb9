package node_test

import (
	"bytes"
	"errors"
	"net"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/internal/leak"
	"github.com/ouronet/ouronet/internal/race"
	"github.com/ouronet/ouronet/internal/testnode"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
)

// A connection on which only keep-alives run needs at most 6 goroutines and
// 40 kB on one side. Both sides are here, so half of everything is counted.
func TestIdleConnectionIsSmall(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector takes memory of its own")
	}
	leak.Check(t)
	const n = 200
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	pinged := make(chan struct{}, 4*n)
	cfg := node.Config{
		Network: network(), Sources: newChain().Grow(5).Sources(),
		RoundTrip: func(*node.Conn, time.Duration) { pinged <- struct{}{} },
		Limits:    node.Limits{PerAddress: -1},
	}
	s := testnode.Serve(t, l, cfg)
	before := inUse()
	goroutines := runtime.NumGoroutine()
	for range n {
		c, err := node.Dial(t.Context(), l.Addr().String(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		<-pinged
	}
	for _, c := range s.Conns() { // duplex: they ping us, too
		c.ChainSync()
		<-pinged
	}
	goroutines = runtime.NumGoroutine() - goroutines
	used := inUse() - before
	t.Logf("%.1f goroutines and %.1f kB a side", float64(goroutines)/(2*n), float64(used)/(2*n)/1e3)
	if goroutines > 6*2*n || used > 40_000*2*n {
		t.Error("too much")
	}
}

// inUse returns the bytes of heap and stacks after a collection.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// The bounds that the package comment names: over all channels, what may wait
// to be read and the largest message that may be unfinished.
func TestDocumentedBound(t *testing.T) {
	specs := node.NewSpecs()
	requests := *specs.BlockFetch
	requests.Ingress = blockfetch.RequestIngress
	for _, test := range []struct {
		peer       protocol.Role
		blockFetch *protocol.Spec
		most       int // bytes, as documented
	}{
		{protocol.Responder, specs.BlockFetch, 27_000_000},
		{protocol.Initiator, &requests, 4_100_000},
	} {
		sum := 0
		for _, spec := range []*protocol.Spec{specs.ChainSync, test.blockFetch, specs.TxSubmission, specs.KeepAlive, specs.PeerSharing} {
			largest := 0
			for _, state := range spec.States {
				if state.Agency == test.peer {
					largest = max(largest, state.Limit)
				}
			}
			sum += spec.Ingress + largest
		}
		if sum > test.most || sum < test.most*9/10 {
			t.Errorf("from a peer as %v: %d bytes, the package comment says %d", test.peer, sum, test.most)
		}
	}
}

// A client that asks without end and reads nothing fills the bound and no more.
func TestFloodIsBounded(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector takes memory of its own")
	}
	synctest.Test(t, func(t *testing.T) {
		w, c := newWorld(t), newChain().Grow(300)
		s := w.serve("us", c)
		p := w.dialRaw("us", asking)
		request := blockfetch.RequestRange{From: c.Point(299), To: c.Point(0)}.AppendCBOR(nil)
		requests := bytes.Repeat(request, 12_000/len(request))
		before := inUse()
		sent, most := 0, int64(0)
		for p.write(blockFetch, false, requests) == nil {
			if sent += len(requests); sent>>14 != (sent-len(requests))>>14 {
				most = max(most, inUse()-before)
			}
		}
		err := <-s.Ended()
		if !errors.Is(err, protocol.ErrOverrun) || !node.Blame(err) {
			t.Errorf("got %v", err)
		}
		t.Logf("%d kB sent, %d kB in use at most", sent/1000, most/1000)
		// Besides, there are blocks on their way out.
		if sent > 2*blockfetch.RequestIngress || most > blockfetch.RequestIngress*3/2+2<<20 {
			t.Error("too much")
		}
	})
}
