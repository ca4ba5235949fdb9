package blockfetch_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
)

// small returns the same 2,500 blocks of about a kilobyte each time.
var small = sync.OnceValue(func() []ledger.Block {
	return chaintest.NewGenerator(chaintest.Config{Seed: 1, BlockSize: 1}).Blocks(2500)
})

// mixed returns the same blocks of mainnet's sizes each time.
var mixed = sync.OnceValue(func() []ledger.Block {
	return chaintest.NewGenerator(chaintest.Config{Seed: 2}).Blocks(200)
})

func wantsOf(blocks []ledger.Block) []blockfetch.Want {
	wants := make([]blockfetch.Want, len(blocks))
	for i := range blocks {
		if i%2 == 0 {
			wants[i] = blockfetch.WantOf(&blocks[i].Header)
		} else { // as a chain keeps it
			known := blocks[i].Header
			known.Raw.Bytes = bytes.Clone(known.Raw.Bytes)
			wants[i] = blockfetch.WantKnown(&known)
		}
	}
	return wants
}

func indexOf(blocks []ledger.Block, p ledger.Point) int {
	return slices.IndexFunc(blocks, func(b ledger.Block) bool { return b.Header.Point() == p })
}

// chain is a Source with an error, if it is to have one, after some blocks.
type chain struct {
	blocks []ledger.Block
	err    error
	after  int // blocks of all ranges together
	served int
}

func (c *chain) Range(_ context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	first, last := indexOf(c.blocks, from), indexOf(c.blocks, to)
	if c.err != nil && c.after == 0 {
		return nil, c.err
	}
	if first < 0 || last < first {
		return nil, nil
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		for _, b := range c.blocks[first : last+1] {
			if c.err != nil && c.served == c.after {
				yield(nil, c.err)
				return
			}
			c.served++
			if !yield(b.Raw, nil) {
				return
			}
		}
	}, nil
}

// serve runs a responder until the test ends and returns an initiator of it.
func serve(t testing.TB, source blockfetch.Source) *blockfetch.Initiator {
	us, peer := pipe.New()
	done := make(chan struct{})
	t.Cleanup(func() {
		us.Close()
		<-done
	})
	go func() {
		defer close(done)
		blockfetch.Respond(context.WithoutCancel(t.Context()), blockfetch.Spec(), peer, source)
	}()
	return blockfetch.NewInitiator(blockfetch.Spec(), us, chaintest.Network())
}

// collect takes all blocks of a loop and its error.
func collect(blocks iter.Seq2[ledger.Block, error]) (got []ledger.Block, err error) {
	for b, err := range blocks {
		if err != nil {
			return got, err
		}
		got = append(got, b)
	}
	return got, nil
}

func checkBlocks(t *testing.T, got, want []ledger.Block) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d blocks, want %d", len(got), len(want))
	}
	for n := range want {
		if !bytes.Equal(got[n].Raw, want[n].Raw) || got[n].Header.Hash != want[n].Header.Hash {
			t.Fatalf("block %d differs", n)
		}
	}
}

var errDisk = errors.New("disk on fire")
