package follow_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/protocol"
)

// lie is one way for an upstream node to be wrong.
type lie struct {
	name  string
	hooks func(c *chaintest.Chain) chaintest.Hooks
	// What we say of it; nil and "" for a lie that does no harm.
	is   error
	text []string
}

// change applies f to the n-th roll forward.
func change(n int64, f func(u *chainsync.RollForward)) func(*chaintest.Chain) chaintest.Hooks {
	return func(*chaintest.Chain) chaintest.Hooks {
		var seen atomic.Int64
		return chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
			if forward, ok := u.(chainsync.RollForward); ok {
				if seen.Add(1) == n {
					f(&forward)
				}
				return forward
			}
			return u
		}}
	}
}

// blocks changes what is sent for a range.
func blocks(f func([]ledger.Block) []ledger.Block) func(*chaintest.Chain) chaintest.Hooks {
	return func(*chaintest.Chain) chaintest.Hooks {
		return chaintest.Hooks{Range: func(_ context.Context, b []ledger.Block) []ledger.Block { return f(slices.Clone(b)) }}
	}
}

var lies = []lie{
	{
		name: "header leaves a gap",
		hooks: func(c *chaintest.Chain) chaintest.Hooks {
			all := c.Blocks()
			return change(50, func(u *chainsync.RollForward) { u.Header = all[60].Header.Raw })(c)
		},
		text: []string{"chain-sync", "StCanAwait", "MsgRollForward", "does not follow"},
	},
	{
		name: "header is no header",
		hooks: change(50, func(u *chainsync.RollForward) {
			u.Header.Bytes = []byte{0x82, 0x01, 0x02}
		}),
		is:   protocol.ErrMalformed,
		text: []string{"chain-sync", "MsgRollForward"},
	},
	{
		name: "intersection was not offered",
		hooks: func(c *chaintest.Chain) chaintest.Hooks {
			p := c.Point(3)
			return chaintest.Hooks{Intersect: func(_ context.Context, _ ledger.Point, tip ledger.Tip, _ error) (ledger.Point, ledger.Tip, error) {
				return p, tip, nil
			}}
		},
		is:   chainsync.ErrIntersection,
		text: []string{"chain-sync", "StIntersect", "MsgIntersectFound"},
	},
	{
		name: "other block",
		hooks: func(c *chaintest.Chain) chaintest.Hooks {
			all := c.Blocks()
			return blocks(func(b []ledger.Block) []ledger.Block {
				b[len(b)-1] = all[(b[len(b)-1].Header.BlockNo+1)%300]
				return b
			})(c)
		},
		is:   blockfetch.ErrWrongBlock,
		text: []string{"block-fetch", "StStreaming", "MsgBlock"},
	},
	{
		name:  "more blocks than asked",
		hooks: blocks(func(b []ledger.Block) []ledger.Block { return append(b, b...) }),
		is:    blockfetch.ErrTooManyBlocks,
		text:  []string{"block-fetch", "StStreaming", "MsgBlock"},
	},
	{
		name:  "fewer blocks than asked",
		hooks: blocks(func(b []ledger.Block) []ledger.Block { return b[1:] }),
		text:  []string{"block-fetch", "StStreaming"},
	},
	{
		name:  "no block at all",
		hooks: blocks(func(b []ledger.Block) []ledger.Block { return b[:0] }),
		is:    blockfetch.ErrTooFewBlocks,
		text:  []string{"block-fetch", "StStreaming", "MsgBatchDone"},
	},
	{
		name: "body of another block",
		hooks: blocks(func(b []ledger.Block) []ledger.Block {
			raw := slices.Clone(b[0].Raw)
			raw[len(raw)-2] ^= 1
			b[0].Raw = raw
			return b
		}),
		text: []string{"block-fetch", "StStreaming", "MsgBlock"},
	},
	{
		name:  "announces what it does not have",
		hooks: blocks(func([]ledger.Block) []ledger.Block { return nil }),
		text:  []string{"block-fetch", "StBusy", "MsgNoBlocks", "5 times"},
	},
	{
		name: "tip far ahead",
		hooks: func(c *chaintest.Chain) chaintest.Hooks {
			tip := c.Tip()
			tip.BlockNo += 1 << 40
			tip.Point.Slot += 1 << 40
			return chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
				switch u := u.(type) {
				case chainsync.RollForward:
					u.Tip = tip
					return u
				case chainsync.RollBackward:
					u.Tip = tip
					return u
				}
				return u
			}}
		},
	},
	{
		name: "tip at the origin",
		hooks: func(c *chaintest.Chain) chaintest.Hooks {
			return chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
				if u, ok := u.(chainsync.RollForward); ok {
					u.Tip = ledger.Tip{}
					return u
				}
				return u
			}}
		},
	},
	{
		name: "silent in the middle of headers",
		hooks: func(c *chaintest.Chain) chaintest.Hooks {
			var n atomic.Int64
			return chaintest.Hooks{Update: func(ctx context.Context, u chainsync.Update) chainsync.Update {
				if n.Add(1) == 40 {
					<-ctx.Done()
				}
				return u
			}}
		},
		is:   protocol.ErrTimeout,
		text: []string{"chain-sync", "StCanAwait", "10s"},
	},
	{
		name: "silent in the middle of a range",
		hooks: func(c *chaintest.Chain) chaintest.Hooks {
			return chaintest.Hooks{Block: func(ctx context.Context, b ledger.Block) {
				if b.Header.BlockNo == 7 {
					<-ctx.Done()
				}
			}}
		},
		is:   protocol.ErrTimeout,
		text: []string{"block-fetch", "StStreaming", "1m0s"},
	},
	{
		name: "silent after a request for an intersection",
		hooks: func(c *chaintest.Chain) chaintest.Hooks {
			return chaintest.Hooks{Intersect: func(ctx context.Context, _ ledger.Point, _ ledger.Tip, _ error) (ledger.Point, ledger.Tip, error) {
				<-ctx.Done()
				return ledger.Point{}, ledger.Tip{}, context.Cause(ctx)
			}}
		},
		is:   protocol.ErrTimeout,
		text: []string{"chain-sync", "StIntersect", "10s"},
	},
	{
		name: "turns in circles",
		hooks: func(c *chaintest.Chain) chaintest.Hooks {
			all := c.Blocks()
			return chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
				u2, ok := u.(chainsync.RollForward)
				if !ok || u2.Tip.BlockNo != 299 {
					return u
				}
				return chainsync.RollBackward{Point: all[20].Header.Point(), Tip: u2.Tip}
			}}
		},
	},
}

// watch collects why connections to one peer ended.
func watch(cfg *follow.Config, address string) *[]error {
	var errs []error
	cfg.Observer.Lost = func(peer string, err error, _ time.Duration) {
		if peer == address {
			errs = append(errs, err)
		}
	}
	return &errs
}

// One honest peer, and one that lies: we end on the honest chain, the liar is
// told apart and named, and nothing happens to the honest one.
func TestFollowLiar(t *testing.T) {
	for _, lie := range lies {
		for _, extra := range []int{0, 20} { // how much longer the liar's chain is
			t.Run(lie.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, good := nodetest.NewWorld(t), nodetest.NewChain().Grow(300)
					bad := good.Fork(0).Grow(extra)
					w.ServePeer("bad", chaintest.Peer{Chain: bad, Hooks: lie.hooks(bad)})
					cfg := w.FollowConfig("bad", "good")
					errs := watch(&cfg, "bad")
					f := w.Follow(cfg)
					f.Start()
					time.Sleep(20 * time.Second) // the liar comes first
					s := w.Serve("good", good)
					good.Grow(150)
					f.Reach(good)
					time.Sleep(5 * time.Minute)
					good.Grow(1)
					f.Reach(good)
					if len(s.Ended()) > 0 {
						t.Errorf("the honest peer lost us: %v", <-s.Ended())
					}
					f.Stop() // nobody writes errs any more
					lie.check(t, *errs)
					checkHeld(t, f)
				})
			})
		}
	}
}

func (l *lie) check(t *testing.T, errs []error) {
	t.Helper()
	if l.text == nil {
		for _, err := range errs {
			t.Errorf("blamed for nothing: %v", err)
		}
		return
	}
	found := false
	for _, err := range errs {
		var peer *node.PeerError
		var v *protocol.ViolationError
		switch {
		case !node.Blame(err):
			continue
		case !errors.As(err, &peer) || peer.Peer != "bad":
			t.Errorf("does not name the peer: %v", err)
		case !errors.As(err, &v) || v.Protocol == "" || v.State == "":
			t.Errorf("does not name protocol and state: %v", err)
		case l.is != nil && !errors.Is(err, l.is):
			t.Errorf("got %v, want %v", err, l.is)
		}
		for _, text := range l.text {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("no %q in %q", text, err)
			}
		}
		found = true
	}
	if !found {
		t.Errorf("nobody was blamed: %v", errs)
	}
}
