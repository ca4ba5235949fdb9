package follow_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/logtest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/trace"
)

// recorded plays in virtual time and returns what the chain core was given.
func recorded(t *testing.T, cfg trace.Config, play func(*nodetest.World, follow.Decisions)) *trace.Core {
	t.Helper()
	var file bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		r := trace.NewRecorder(&file, cfg)
		play(nodetest.NewWorld(t), r.Core("chain"))
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	all, err := trace.Load(&file)
	if err != nil || len(all.Cores) != 1 {
		t.Fatalf("recorded %+v, %v", all.Cores, err)
	}
	return all.Cores[0]
}

// look counts the cores that a recording has, and returns which of the types of
// examples are neither among its events nor its effects.
func look(t *testing.T, c *trace.Core, examples ...any) (cores int, missing []reflect.Type) {
	t.Helper()
	var types []reflect.Type
	var r chain.Replayer
	for _, s := range c.Steps {
		in, effects, err := r.StepDecoded(s.Input)
		if err != nil {
			t.Fatal(err)
		}
		if in.Config != nil {
			cores++
		}
		types = append(types, reflect.TypeOf(in.Event))
		for _, e := range effects {
			types = append(types, reflect.TypeOf(e))
		}
	}
	for _, e := range examples {
		if !slices.Contains(types, reflect.TypeOf(e)) {
			missing = append(missing, reflect.TypeOf(e))
		}
	}
	return cores, missing
}

// The core in a test takes the steps that it took in a node: with forks, peers
// that lie, and connections that break.
func TestDecisionsReplay(t *testing.T) {
	core := recorded(t, trace.Config{}, func(w *nodetest.World, d follow.Decisions) {
		c := nodetest.NewChain().Grow(200)
		lying := c.Fork(0)
		all := c.Blocks()
		var sent atomic.Int64 // hooks run side by side
		peer := chaintest.Peer{Chain: lying, Hooks: chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
			if forward, ok := u.(chainsync.RollForward); ok && sent.Add(1) == 50 {
				forward.Header = all[60].Header.Raw
				return forward
			}
			return u
		}}}
		w.ServePeer("liar", peer)
		cfg := w.FollowConfig("honest", "liar", "other")
		cfg.Decisions = d
		f := w.Follow(cfg)
		f.Start()
		time.Sleep(10 * time.Second) // until the liar has had its say
		w.Serve("other", c.Fork(160).Grow(20))
		time.Sleep(time.Minute)
		server := w.Serve("honest", c)
		f.Reach(c)
		c.Switch(10, 12)
		f.Reach(c)
		server.Drop()
		c.Grow(3)
		f.Reach(c)
		time.Sleep(time.Hour) // until chain-sync with the one that is left behind has begun anew
		f.Stop()
	})
	if core.Truncated {
		t.Error("truncated")
	}
	if err := core.Replay(nil); err != nil {
		t.Error(err)
	}
	if _, missing := look(t, core, chain.Headers{}, chain.RolledBack{}, chain.BlockFetched{}, chain.RangeDone{},
		chain.PeerGone{}, chain.Consumed{}, chain.NoIntersection{}, chain.Tick{},
		chain.Adopt{}, chain.RollBack{}, chain.Disconnect{}, chain.Immutable{}, chain.StopChainSync{}); missing != nil {
		t.Errorf("the test is too weak: no %v", missing)
	}

	// The first step that is another one is the one that is named.
	at := len(core.Steps) / 2
	core.Steps[at].Effects[0] ^= 1
	var diff *trace.StepError
	if err := core.Replay(nil); !errors.As(err, &diff) || diff.Step != uint64(at) {
		t.Errorf("got %v, want step %d", err, at)
	}
}

// Runs after each other are in one recording; each begins with its own start.
func TestDecisionsOfSeveralRuns(t *testing.T) {
	core := recorded(t, trace.Config{}, func(w *nodetest.World, d follow.Decisions) {
		c := nodetest.NewChain().Grow(100)
		w.Serve("a", c)
		cfg := w.FollowConfig("a")
		cfg.Decisions = d
		follower, err := follow.NewFollower(cfg)
		if err != nil {
			w.T.Fatal(err)
		}
		run := func(f *follow.Follower, points ...ledger.Point) {
			for ev, err := range f.Events(w.T.Context(), points...) {
				if err != nil {
					w.T.Fatal(err)
				}
				if ev, ok := ev.(follow.RollForward); ok && ev.Block.Header.Point() == c.Point(0) {
					return
				}
			}
		}
		run(follower)
		c.Switch(3, 9)
		run(follower, c.Point(20), c.Point(70), ledger.Origin)
		anchor := c.Blocks()[50].Header.Tip()
		cfg.Anchor = &anchor
		if follower, err = follow.NewFollower(cfg); err != nil {
			w.T.Fatal(err)
		}
		run(follower)
	})
	if err := core.Replay(nil); err != nil || core.Truncated {
		t.Error(err, core.Truncated)
	}
	if cores, _ := look(t, core); cores != 3 {
		t.Errorf("%d cores", cores)
	}
}

// refusing is a Verifier that finds a fault in one block.
type refusing ledger.BlockNo

func (n refusing) Verify(_ context.Context, headers []ledger.Header) (int, error) {
	for i, h := range headers {
		if h.BlockNo == ledger.BlockNo(n) {
			return i, &follow.BadHeaderError{Point: h.Point(), Err: errors.New("bad signature")}
		}
	}
	return len(headers), nil
}

// What a Verifier finds is in the recording, as the core cannot find it again.
func TestDecisionsWithVerifier(t *testing.T) {
	core := recorded(t, trace.Config{}, func(w *nodetest.World, d follow.Decisions) {
		c := nodetest.NewChain().Grow(40)
		w.Serve("a", c)
		cfg := w.FollowConfig("a")
		cfg.Decisions, cfg.Verifier = d, refusing(30)
		f := w.Follow(cfg)
		for len(f.Blocks) < 30 {
			f.Step()
		}
		time.Sleep(time.Minute)
		f.Stop()
	})
	if err := core.Replay(nil); err != nil {
		t.Error(err)
	}
	if _, missing := look(t, core, chain.BadHeader{}, chain.Disconnect{}); missing != nil {
		t.Errorf("no %v", missing)
	}
}

// A recording that is full ends, and following goes on; what there is replays.
func TestDecisionsTruncated(t *testing.T) {
	for _, size := range []int64{100, 500, 20_000} {
		core := recorded(t, trace.Config{MaxBytes: size}, func(w *nodetest.World, d follow.Decisions) {
			c := nodetest.NewChain().Grow(100)
			w.Serve("a", c)
			cfg := w.FollowConfig("a")
			cfg.Decisions = d
			w.Follow(cfg).Reach(c)
		})
		if err := core.Replay(nil); err != nil || !core.Truncated {
			t.Errorf("%d bytes: %d steps, truncated %t, %v", size, len(core.Steps), core.Truncated, err)
		}
	}
}

// limited takes some steps and refuses the next.
type limited struct{ left, refused int }

func (l *limited) Step(_, _ []byte) error {
	if l.left--; l.left < 0 {
		l.refused++
		return errors.New("no more")
	}
	return nil
}

// An error ends the recording of a run, once and for all, and nothing else.
func TestDecisionsError(t *testing.T) {
	for _, steps := range []int{0, 1, 5} {
		synctest.Test(t, func(t *testing.T) {
			w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(50)
			w.Serve("a", c)
			log, logs := logtest.New(slog.LevelWarn)
			d := &limited{left: steps}
			cfg := w.FollowConfig("a")
			cfg.Logger, cfg.Decisions = log, d
			f := w.Follow(cfg)
			f.Reach(c)
			c.Grow(5)
			f.Reach(c)
			f.Stop()
			logged := logs.All()
			if d.refused != 1 || len(logged) != 1 {
				t.Fatalf("refused %d times, logged %v", d.refused, logged)
			}
			if got, want := logged[0].String(), "WARN the decisions are recorded no further; part=follow; error=no more"; got != want {
				t.Errorf("logged %s, not %s", got, want)
			}
		})
	}
}
