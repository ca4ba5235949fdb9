package follow_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// toyLedger allows five transactions in a block. Its state after a block is how many
// there are on the chain up to it.
type toyLedger struct {
	after map[ledger.Point]int // by block, from the anchor on
}

func (l *toyLedger) Judge(_ context.Context, q follow.Question) error {
	txs, err := q.Block.Txs()
	switch {
	case err != nil: // no ledger takes that
		return &follow.InvalidBlockError{Impossible: true, Err: err}
	case len(txs) > 5:
		return &follow.InvalidBlockError{Err: fmt.Errorf("%d transactions, want at most 5", len(txs))}
	}
	l.after[q.Block.Header.Point()] = l.after[q.After.Point] + len(txs)
	for p := range l.after { // what cannot be gone back to
		if p.Slot < q.Anchor.Point.Slot {
			delete(l.after, p)
		}
	}
	return nil
}

// How does a program that has a ledger refuse blocks? The longest chain goes over a block
// that the ledger refuses, so the next best is followed.
func ExampleJudge() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	serve := func(chain *chaintest.Chain) (address string) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			log.Fatal(err)
		}
		go node.Serve(ctx, l, node.Config{Network: ledger.Preview, Sources: chain.Sources()})
		return l.Addr().String()
	}
	longest := chaintest.New(chaintest.Config{Seed: 1, Network: ledger.Preview, BlockSize: 5000}).Grow(12)
	other := longest.Fork(8).Grow(3)
	cfg := follow.Config{
		Config: node.Config{Network: ledger.Preview},
		Peers:  []string{serve(longest), serve(other)},
		Judge:  &toyLedger{after: make(map[ledger.Point]int)},
	}

	for ev, err := range follow.Follow(ctx, cfg) {
		if err != nil {
			log.Fatal(err)
		}
		if forward, ok := ev.(follow.RollForward); ok {
			txs, _ := forward.Block.Txs()
			fmt.Println("block", forward.Block.Header.BlockNo, "with", len(txs), "transactions")
			if forward.Block.Header.BlockNo == 6 {
				return
			}
		}
	}
	// Output:
	// block 0 with 2 transactions
	// block 1 with 2 transactions
	// block 2 with 3 transactions
	// block 3 with 2 transactions
	// block 4 with 1 transactions
	// block 5 with 3 transactions
	// block 6 with 2 transactions
}
