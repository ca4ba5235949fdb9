package node_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
)

// Blocks ends its conversation of chain-sync when it knows enough blocks ahead, and
// begins another later. Between the two, too, chain-sync is in use: a second caller
// is told so, asks the peer nothing, and the first goes on.
func TestBlocksInUseBetweenConversations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(6500)
		var asked atomic.Int32
		peer := chaintest.Peer{Chain: c, Hooks: chaintest.Hooks{Intersect: func(_ context.Context, p ledger.Point, tip ledger.Tip, err error) (ledger.Point, ledger.Tip, error) {
			asked.Add(1)
			return p, tip, err
		}}}
		a, _ := nodetest.Pair(t, narrow(), answering(peer))
		n := 0
		for _, err := range a.Blocks(t.Context(), c.Point(6400), c.Point(0)) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n != 10 {
				continue
			}
			synctest.Wait() // until no more is asked
			before := asked.Load()
			_, blocks := take(a.Blocks(t.Context(), c.Point(20), c.Point(10)), never)
			_, _, intersect := a.ChainSync().Intersect(t.Context(), c.Point(20))
			done := a.ChainSync().Done(t.Context())
			for _, err := range []error{blocks, intersect, done} {
				if !errors.Is(err, protocol.ErrInUse) || node.Blame(err) {
					t.Errorf("%v of %v, %v, %v", err, blocks, intersect, done)
				}
			}
			if synctest.Wait(); asked.Load() != before {
				t.Errorf("the peer was asked %d times", asked.Load()-before)
			}
		}
		if n != 6401 || asked.Load() < 3 {
			t.Errorf("%d blocks, %d intersections", n, asked.Load())
		}
		if _, err := take(a.Blocks(t.Context(), c.Point(20), c.Point(10)), never); err != nil {
			t.Error(err)
		}
		if _, _, err := a.ChainSync().Intersect(t.Context(), c.Point(20)); err != nil {
			t.Error(err)
		}
	})
}
