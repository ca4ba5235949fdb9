package blockfetch_test

import (
	"context"
	"fmt"
	"iter"
	"net"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// memory is the simplest [blockfetch.Source].
type memory []ledger.Block

func (m memory) Range(_ context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	first, last := -1, -1
	for n, b := range m {
		if b.Header.Point() == from {
			first = n
		}
		if b.Header.Point() == to {
			last = n
		}
	}
	if first < 0 || last < first {
		return nil, nil // not all there
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		for _, b := range m[first : last+1] {
			if !yield(b.Raw, nil) {
				return
			}
		}
	}, nil
}

// Fetch the blocks of headers that chain-sync brought.
func ExampleInitiator_Fetch() {
	ctx := context.Background()
	blocks := memory(chaintest.NewGenerator(chaintest.Config{BlockSize: 18_000}).Blocks(5))

	a, b := net.Pipe()
	us, peer := mux.New(a, mux.Config{}), mux.New(b, mux.Config{})
	peer.Respond(blockfetch.Spec(), mux.OnOwn, func(ctx context.Context, c *mux.Channel) error {
		return blockfetch.Respond(ctx, blockfetch.Spec(), c, blocks)
	})
	channel := us.Channel(blockfetch.Spec(), protocol.Initiator)
	bf := blockfetch.NewInitiator(blockfetch.Spec(), channel, chaintest.Network())
	peer.Start()
	us.Start()

	var wants []blockfetch.Want
	for _, b := range blocks[1:4] {
		wants = append(wants, blockfetch.WantOf(&b.Header))
	}
	for b, err := range bf.Fetch(ctx, wants) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("block", b.Header.BlockNo, "of era", b.Header.Raw.Era)
	}
	if err := bf.Done(ctx); err != nil {
		fmt.Println(err)
	}
	us.Close(ctx)
	peer.Close(ctx)
	// Output:
	// block 1 of era Conway
	// block 2 of era Conway
	// block 3 of era Conway
}
