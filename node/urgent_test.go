package node_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/vnet"
)

// On a line that blocks fill, a keep-alive waits for what the line holds, a batch
// that is being written and a segment, and for nothing else of what was asked
// for; the line is full all the time.
func TestKeepAliveBesideBlocks(t *testing.T) {
	const (
		rate   = 20_000_000 / 8 // bytes a second
		window = 32 << 10       // what a line takes before Write waits
		batch  = 32<<10 + 12_296
		most   = (window + batch + 12_296) * time.Second / rate
	)
	synctest.Test(t, func(t *testing.T) {
		n := vnet.New(vnet.Config{Link: vnet.Link{Bandwidth: rate, Window: window, Chunk: 1448}})
		l, err := n.Host("server").Listen(3001)
		if err != nil {
			t.Fatal(err)
		}
		chain := chaintest.New(chaintest.Config{BlockSize: 20_000}).Grow(300)
		cfg := node.Config{Network: nodetest.Network(), Sources: chain.Sources(), Mux: mux.Config{IdleTimeout: -1}}
		nodetest.Serve(t, l, cfg)

		var worst time.Duration
		pings := 0
		c, err := node.Dial(t.Context(), "server:3001", node.Config{
			Network: nodetest.Network(), Dial: n.Host("client").Dial,
			KeepAlive: 10 * time.Millisecond,
			Observer: node.Observer{RoundTrip: func(_ *node.Conn, rtt time.Duration) {
				worst = max(worst, rtt)
				pings++
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var wants []blockfetch.Want
		blocks := chain.Blocks()
		for i := range blocks {
			wants = append(wants, blockfetch.WantOf(&blocks[i].Header))
		}
		start, bytes := time.Now(), 0
		for b, err := range c.BlockFetch().Fetch(t.Context(), wants) {
			if err != nil {
				t.Fatal(err)
			}
			bytes += len(b.Raw)
		}
		took := time.Since(start)
		share := float64(bytes) / rate / took.Seconds()
		t.Logf("%d round trips, at most %v; %d bytes in %v, %.1f %% of the line", pings, worst, bytes, took, 100*share)
		if pings < 20 || worst > most {
			t.Errorf("round trips take up to %v, want %v", worst, most)
		}
		if share < 0.97 {
			t.Error("the line was not full")
		}
	})
}
