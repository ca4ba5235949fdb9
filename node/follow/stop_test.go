package follow_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/node"
)

// asked counts the updates that a follower asks for.
type asked struct {
	chainsync.Source
	n *atomic.Int64
}

func (a asked) Next(ctx context.Context) (chainsync.Update, error) {
	a.n.Add(1)
	return a.Source.Next(ctx)
}

// A follower that cannot go along with a rollback ends chain-sync at once. If it
// asked for one more update first, it would have to wait for the peer's next
// block before it could.
func TestStopAsksNoMore(t *testing.T) {
	for range 30 {
		synctest.Test(t, func(t *testing.T) {
			w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(2*nodetest.K)
			var n, sessions atomic.Int64
			cfg := w.Config()
			cfg.Sources = c.Sources()
			plain := cfg.Sources.ChainSync
			cfg.Sources.ChainSync = func(ctx context.Context, conn *node.Conn) chainsync.Source {
				sessions.Add(1)
				context.AfterFunc(ctx, func() { sessions.Add(-1) })
				return asked{plain(ctx, conn), &n}
			}
			nodetest.Serve(w.T, w.Net.Listen("peer"), cfg)
			f := w.Follow(w.FollowConfig("peer"))
			f.Reach(c)
			time.Sleep(time.Second)
			before := n.Load()
			c.Switch(nodetest.K+5, nodetest.K+6)
			time.Sleep(time.Second)
			// Waiting for a change, the source is asked again after it.
			if more := n.Load() - before; more != 1 || sessions.Load() != 0 {
				t.Errorf("%d updates looked for after the rollback, %d sessions left", more-1, sessions.Load())
			}
		})
		if t.Failed() {
			return
		}
	}
}
