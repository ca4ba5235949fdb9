package follow_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/sim"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/trace"
)

// court is a judge that keeps one state, the chain that it stands on, and sees to it
// that it is led along it.
type court struct {
	t     *testing.T
	wrong map[ledger.Hash]error // what it returns of blocks that are not valid
	takes time.Duration

	mu    sync.Mutex
	state []ledger.Point
	asked int
}

func (c *court) Judge(ctx context.Context, q follow.Question) error {
	select {
	case <-time.After(c.takes):
	case <-ctx.Done():
		return ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if len(c.state) == 0 {
		c.state = append(c.state, q.After.Point)
	}
	i := slices.Index(c.state, q.After.Point)
	if i < 0 || !q.Block.Header.PrevIs(q.After.Point) || q.Anchor.BlockNo > q.After.BlockNo {
		c.t.Errorf("asked about %v after %v, standing at %v", q.Block.Header.Tip(), q.After, c.state[len(c.state)-1])
		return errors.New("lost")
	}
	if err := q.Block.CheckBody(); err != nil {
		c.t.Error(err)
	}
	if err := c.wrong[q.Block.Header.Hash]; err != nil {
		return err
	}
	c.state = append(c.state[:i+1], q.Block.Header.Point())
	return nil
}

var errOverdrawn = errors.New("spends what is not there")

// The longest chain goes over an invalid block: the next best is followed, and the peer
// of the longest is not blamed. When it is on a better chain again, that is taken.
func TestInvalidBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, good := nodetest.NewWorld(t), nodetest.NewChain().Grow(60)
		bad := good.Fork(20).Grow(40)
		j := &court{t: t, wrong: map[ledger.Hash]error{
			bad.Blocks()[45].Header.Hash: &follow.InvalidBlockError{Err: errOverdrawn},
		}}
		first, second := w.Serve("bad", bad), w.Serve("good", good)
		cfg := w.FollowConfig("bad", "good")
		cfg.Judge = j
		var told atomic.Int64
		cfg.Observer.Judged = func(_ ledger.Point, _ time.Duration, err error) {
			if err != nil {
				told.Add(1)
			}
		}
		f := w.Follow(cfg)
		f.Reach(good)
		time.Sleep(time.Minute)
		if len(first.Conns()) != 1 || len(second.Conns()) != 1 {
			t.Error("a peer was let go")
		}
		// At most the five blocks before the invalid one are there beside our chain.
		if s := f.Status(); s.Sizes.Invalid != 1 || s.Sizes.Held > 5*1500 || s.Tip != good.Tip() || s.Best != good.Tip() || told.Load() != 1 {
			t.Errorf("told of %d: %+v", told.Load(), s)
		}
		bad.Become(good.Fork(3).Grow(9))
		f.Reach(bad)
		f.Stop()
	})
}

// Who sent a block that can be valid nowhere is blamed, and the chain without it taken.
func TestImpossibleBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, good := nodetest.NewWorld(t), nodetest.NewChain().Grow(60)
		bad := good.Fork(20).Grow(40)
		j := &court{t: t, wrong: map[ledger.Hash]error{
			bad.Blocks()[45].Header.Hash: &follow.InvalidBlockError{Impossible: true, Err: errOverdrawn},
		}}
		w.Serve("bad", bad)
		w.Serve("good", good)
		cfg := w.FollowConfig("bad", "good")
		cfg.Judge = j
		var lost error
		cfg.Observer.Lost = func(address string, err error, _ time.Duration) {
			if lost == nil {
				lost = err
			}
		}
		f := w.Follow(cfg)
		f.Reach(good)
		time.Sleep(time.Minute)
		f.Stop()
		if !node.Blame(lost) || !errors.Is(lost, errOverdrawn) || !strings.Contains(lost.Error(), "block-fetch") || !strings.Contains(lost.Error(), "bad") {
			t.Errorf("lost %v", lost)
		}
	})
}

// A block that cannot be judged yet is asked about again, no sooner than it is said.
func TestLaterBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(20)
		w.Serve("a", c)
		cfg := w.FollowConfig("a")
		var since time.Time
		at, times := c.Blocks()[10].Header.Hash, 0
		cfg.Judge = judgeFunc(func(_ context.Context, q follow.Question) error {
			if q.Block.Header.Hash != at {
				return nil
			}
			if times++; times > 3 {
				return nil
			}
			if d := time.Since(since); times > 1 && d != 7*time.Second {
				t.Errorf("asked again after %v", d)
			}
			since = time.Now()
			return &follow.LaterError{Retry: 7 * time.Second}
		})
		f := w.Follow(cfg)
		f.Reach(c)
		f.Stop()
		if times != 4 {
			t.Errorf("asked %d times", times)
		}
	})
}

type judgeFunc func(context.Context, follow.Question) error

func (j judgeFunc) Judge(ctx context.Context, q follow.Question) error { return j(ctx, q) }

// However long a judge takes, headers and blocks come meanwhile, within their bounds, and
// the run ends at once.
func TestSlowJudge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(60)
		w.Serve("a", c)
		cfg := w.FollowConfig("a")
		cfg.Judge = &court{t: t, takes: time.Hour}
		cfg.Chain.MaxBytes = 20_000
		f := w.Follow(cfg)
		f.Start()
		time.Sleep(10 * time.Minute)
		s := f.Status()
		if s.Sizes.Judging != 1 || s.Tip != (ledger.Tip{}) || s.Peers[0].Candidate != c.Tip() || s.Sizes.Held < cfg.Chain.MaxBytes/2 || s.Sizes.Held > cfg.Chain.MaxBytes+2_000 {
			t.Errorf("%+v", s)
		}
		c.Switch(2, 5)
		time.Sleep(10 * time.Minute)
		if s := f.Status(); s.Peers[0].Candidate != c.Tip() || s.Tip != (ledger.Tip{}) {
			t.Errorf("%+v", s)
		}
		for range 5 {
			f.Step()
		}
		began := time.Now()
		f.Stop()
		if d := time.Since(began); d > time.Second {
			t.Errorf("ended after %v", d)
		}
	})
}

// What is wrong with the judge ends the run with its error.
func TestJudgeFails(t *testing.T) {
	broken := errors.New("database is gone")
	for _, test := range []struct {
		name string
		err  func(q follow.Question) error
		want error
		text string
	}{
		{"error", func(q follow.Question) error { return broken }, broken, "Config.Judge: block"},
		{"found valid before", func(q follow.Question) error {
			if q.Again {
				return &follow.InvalidBlockError{Err: errOverdrawn}
			}
			return nil
		}, errOverdrawn, "found valid before"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(20)
			bad := c.Fork(3).Grow(6)
			wrong := bad.Blocks()[18].Header.Hash
			w.Serve("a", c)
			cfg := w.FollowConfig("a", "b")
			cfg.Judge = judgeFunc(func(_ context.Context, q follow.Question) error {
				if q.Block.Header.Hash == wrong {
					return &follow.InvalidBlockError{Err: errOverdrawn}
				}
				return test.err(q)
			})
			f := w.Follow(cfg)
			f.Start()
			time.Sleep(time.Second)
			w.Serve("b", bad)
			time.Sleep(2 * time.Minute) // until it is dialled
			c.Grow(1)                   // behind what the judge has left for the fork
			var err error
			for err == nil {
				_, err, _ = f.Next()
			}
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%s: the run ends with %v", test.name, err)
			}
		})
	}
}

// What a judge said is recorded, and replayed: by the core, and against the oracles of the
// simulator.
func TestJudgementsReplay(t *testing.T) {
	core := recorded(t, trace.Config{}, func(w *nodetest.World, d follow.Decisions) {
		good := nodetest.NewChain().Grow(60)
		bad, worse := good.Fork(20).Grow(40), good.Fork(10).Grow(30)
		later := 0
		wrong := map[ledger.Hash]error{
			bad.Blocks()[45].Header.Hash:   &follow.InvalidBlockError{Err: errOverdrawn},
			worse.Blocks()[55].Header.Hash: &follow.InvalidBlockError{Impossible: true, Err: errOverdrawn},
		}
		w.Serve("bad", bad)
		w.Serve("worse", worse)
		w.Serve("good", good)
		cfg := w.FollowConfig("bad", "worse", "good")
		cfg.Decisions = d
		cfg.Judge = judgeFunc(func(_ context.Context, q follow.Question) error {
			if later++; later%10 == 0 {
				return &follow.LaterError{}
			}
			return wrong[q.Block.Header.Hash]
		})
		f := w.Follow(cfg)
		f.Reach(good)
		time.Sleep(time.Minute)
		good.Switch(5, 8)
		f.Reach(good)
		f.Stop()
	})
	if err := core.Replay(nil); err != nil {
		t.Error(err)
	}
	if _, missing := look(t, core, chain.Judged{}, chain.Judge{}, chain.Disconnect{}, chain.Forget{}); missing != nil {
		t.Errorf("the test is too weak: no %v", missing)
	}
	steps := make([]sim.Step, len(core.Steps))
	for i, s := range core.Steps {
		steps[i] = sim.Step{Input: s.Input, Effects: s.Effects}
	}
	if told, err := sim.Replay(steps, nil); err != nil || told.Blamed != 1 {
		t.Errorf("%v, %v", told, err)
	}
}

// unreadable is a Bodies that cannot read a block when it is asked for it first.
type unreadable struct {
	follow.Bodies
	at    ledger.Point
	times int
}

func (u *unreadable) Get(p ledger.Point) (follow.Body, error) {
	if p != u.at {
		u.at, u.times = p, 0
	}
	if u.times++; u.times <= 3 {
		return follow.Body{}, &follow.LaterError{Retry: 100 * time.Millisecond}
	}
	return u.Bodies.Get(p)
}

// What cannot be read for now is waited for, also across a switch, and no peer is blamed
// for it; stopping does not wait.
func TestUnreadableBodies(t *testing.T) {
	for _, judged := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w, chain := nodetest.NewWorld(t), nodetest.NewChain().Grow(30)
			cfg := w.FollowConfig("peer")
			w.Serve("peer", chain)
			cfg.Bodies = &unreadable{Bodies: follow.NewMemory()}
			if judged {
				cfg.Judge = &court{t: t}
			}
			cfg.Observer.Lost = func(_ string, err error, _ time.Duration) {
				if node.Blame(err) {
					t.Error(err)
				}
			}
			f := w.Follow(cfg)
			f.Reach(chain)
			chain.Switch(3, 5)
			f.Reach(chain)
			began := time.Now()
			chain.Grow(10)
			time.Sleep(50 * time.Millisecond)
			f.Stop()
			if d := time.Since(began); d > time.Second {
				t.Errorf("stopping took %v", d)
			}
		})
	}
}
