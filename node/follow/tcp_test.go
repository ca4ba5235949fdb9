package follow_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// All eras, with boundary blocks and ranges that have to be asked for in parts.
func TestFollowOverTCP(t *testing.T) {
	testenv.CheckLeaks(t)
	n := nodetest.Network()
	c := chaintest.New(chaintest.Config{Network: n, BlockSize: 3000, Eras: []chaintest.Stretch{
		{Era: ledger.Byron, Blocks: 2000}, {Era: ledger.Shelley, Blocks: 50}, {Era: ledger.Allegra, Blocks: 50},
		{Era: ledger.Mary, Blocks: 50}, {Era: ledger.Alonzo, Blocks: 50}, {Era: ledger.Babbage, Blocks: 50}, {Era: ledger.Conway, Blocks: 50},
		{Era: ledger.Dijkstra, Blocks: 50},
	}}).Grow(2350)
	_, a := nodetest.OverTCP(t, c)
	s, b := nodetest.OverTCP(t, c.Fork(0))
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
	testenv.CheckLeaks(t)
	l := nodetest.Listen(t)
	nodetest.Silent{Listener: l}.Hold(t)
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
