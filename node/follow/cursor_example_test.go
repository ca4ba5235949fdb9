package follow_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// index is what an indexer has on disk. A real one saves the cursor in one
// transaction with what it made of the event.
type index struct {
	cursor follow.Cursor
	points []ledger.Point // of its blocks, oldest first; those of the last k are enough
}

// run follows the chain until the index has a number of blocks.
func (x *index) run(ctx context.Context, cfg follow.Config, blocks int) error {
	points := append([]ledger.Point{ledger.Origin}, x.points...)
	for ev, err := range follow.Follow(ctx, cfg, points...) {
		if err != nil {
			return err
		}
		next, err := x.cursor.After(ev)
		if err != nil {
			return err // a *follow.GapError
		}
		if next == x.cursor {
			continue // the chain is as it was: a run goes on where the last one stopped
		}
		switch ev := ev.(type) {
		case follow.RollForward:
			x.points = append(x.points, ev.Block.Header.Point())
		case follow.RollBackward:
			for len(x.points) > 0 && x.points[len(x.points)-1] != ev.To.Point {
				x.points = x.points[:len(x.points)-1]
			}
		}
		if x.cursor = next; len(x.points) >= blocks {
			return nil
		}
	}
	return nil
}

// An indexer is stopped after four blocks and goes on later. It has then seen the
// same history as one that was never stopped: their last events have the same id.
func ExampleCursor() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	chain := chaintest.New(chaintest.Config{Network: ledger.Preview}).Grow(10)
	peer := chaintest.Serve(chaintest.Peer{Chain: chain})
	defer peer.Close()
	cfg := follow.Config{Config: node.Config{Network: ledger.Preview}, Peers: []string{peer.Addr}}

	var stopped, steady index
	for _, blocks := range []int{4, 10} {
		if err := stopped.run(ctx, cfg, blocks); err != nil {
			log.Fatal(err)
		}
		fmt.Println(blocks, "blocks, last event", stopped.cursor.ID.String()[:16])
	}
	if err := steady.run(ctx, cfg, 10); err != nil {
		log.Fatal(err)
	}
	fmt.Println("the same history:", stopped.cursor == steady.cursor)
	// Output:
	// 4 blocks, last event 55d5e88cde522281
	// 10 blocks, last event 87b8aeb308d6e317
	// the same history: true
}
