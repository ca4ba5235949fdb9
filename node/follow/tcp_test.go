package follow_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/internal/leak"
	"github.com/ouronet/ouronet/internal/nodetest"
	"github.com/ouronet/ouronet/internal/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// overTCP serves c on loopback.
func overTCP(t *testing.T, c *testnode.Chain, n ledger.Network) (s *testnode.Server, address string) {
	l := listen(t)
	return testnode.Serve(t, l, node.Config{Network: n, Sources: c.Sources()}), l.Addr().String()
}

// All eras, with boundary blocks and ranges that have to be asked for in parts.
func TestFollowOverTCP(t *testing.T) {
	leak.Check(t)
	n := nodetest.Network()
	c := testnode.New(chaingen.Config{Network: n, BlockSize: 3000, Eras: []chaingen.Stretch{
		{Era: ledger.Byron, Blocks: 2000}, {Era: ledger.Shelley, Blocks: 50}, {Era: ledger.Allegra, Blocks: 50},
		{Era: ledger.Mary, Blocks: 50}, {Era: ledger.Alonzo, Blocks: 50}, {Era: ledger.Babbage, Blocks: 50}, {Era: ledger.Conway, Blocks: 50},
		{Era: ledger.Dijkstra, Blocks: 50},
	}}).Grow(2350)
	_, a := overTCP(t, c, n)
	s, b := overTCP(t, c.Copy(), n)
	blocks := 0
	for ev, err := range follow.Follow(t.Context(), follow.Config{Config: node.Config{Network: n}, Peers: []string{a, b}}) {
		if err != nil {
			t.Fatalf("after %d blocks: %v", blocks, err)
		}
		if forward, ok := ev.(follow.RollForward); ok {
			if blocks++; blocks == 700 {
				s.Drop()
			}
			if forward.Block.Header.Point() == c.Tip().Point {
				break
			}
		}
	}
	if blocks != len(c.Blocks()) {
		t.Errorf("%d blocks, want %d", blocks, len(c.Blocks()))
	}
}

// Follow ends although a peer has stopped reading and sending.
func TestFollowCancelOverTCP(t *testing.T) {
	leak.Check(t)
	l := listen(t)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	for _, err := range follow.Follow(ctx, follow.Config{Config: node.Config{Network: nodetest.Network()}, Peers: []string{l.Addr().String()}}) {
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	}
	t.Logf("took %v", time.Since(began)) // 1.6 s at most, if the machine is free
}
