package follow_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/txsubmission"
)

// told are the events that an engine's core was given.
type told struct {
	mu     sync.Mutex
	events []chain.Event
}

func (r *told) Step(input, _ []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if in, err := chain.ParseInput(input); err == nil && in.Event != nil {
		r.events = append(r.events, in.Event)
	}
	return nil
}

// peers returns those that were connected and those that went, in order.
func (r *told) peers() (connected, gone []chain.PeerID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ev := range r.events {
		switch ev := ev.(type) {
		case chain.PeerConnected:
			connected = append(connected, ev.Peer)
		case chain.PeerGone:
			gone = append(gone, ev.Peer)
		}
	}
	return connected, gone
}

// stage is an engine that runs, and a loop over its events.
type stage struct {
	*follow.Engine
	told *told

	mu  sync.Mutex
	tip ledger.Point
}

func newStage(t *testing.T, cfg follow.Config, points ...ledger.Point) *stage {
	t.Helper()
	s := &stage{told: new(told)}
	cfg.Decisions = s.told
	var err error
	if s.Engine, err = follow.NewEngine(cfg, points...); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var tasks sync.WaitGroup
	tasks.Go(func() {
		if err := s.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	tasks.Go(func() {
		for ev, err := range s.Events(ctx) {
			s.mu.Lock()
			switch ev := ev.(type) {
			case follow.RollForward:
				s.tip = ev.Block.Header.Point()
			case follow.RollBackward:
				s.tip = ev.To.Point
			default:
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}
			s.mu.Unlock()
		}
	})
	t.Cleanup(func() { cancel(); tasks.Wait() })
	return s
}

func (s *stage) at() ledger.Point {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tip
}

// An engine follows on a connection, whoever opened it, gives it back warm, and
// follows on it again: as another peer, from where it stands.
func TestAttach(t *testing.T) {
	for _, opened := range []string{"by us", "by the peer"} {
		t.Run(opened, func(t *testing.T) {
			testenv.CheckLeaks(t)
			synctest.Test(t, func(t *testing.T) {
				c := nodetest.NewChain().Grow(100)
				with := node.Config{Network: nodetest.Network(), Sources: c.Sources()}
				ours, theirs := nodetest.Pair(t, with, with)
				if opened == "by the peer" {
					ours, theirs = theirs, ours
				}
				var offered atomic.Int64 // the engine's goroutines count
				cfg := follow.Config{Config: node.Config{Network: nodetest.Network()}}
				cfg.TxSubmission = func(ctx context.Context, conn *node.Conn) txsubmission.Source {
					if conn != ours {
						t.Error("another connection")
					}
					offered.Add(1)
					context.AfterFunc(ctx, func() { offered.Add(-1) })
					return nothing{}
				}
				s := newStage(t, cfg)
				for round := range 3 {
					ctx, demote := context.WithCancel(t.Context())
					ended := make(chan error, 1)
					go func() { ended <- s.Attach(ctx, ours) }()
					time.Sleep(time.Minute)
					if s.at() != c.Tip().Point || offered.Load() != 1 {
						t.Fatalf("round %d: at %v, want %v; %d conversations about transactions", round, s.at(), c.Tip(), offered.Load())
					}
					st := s.Status()
					if st.Tip != c.Tip() || len(st.Peers) != 1 || st.Peers[0].Conn != ours || st.Peers[0].Reached != c.Tip() || st.Peers[0].Candidate != c.Tip() {
						t.Errorf("round %d: %+v", round, st)
					}
					demote()
					synctest.Wait()
					connected, gone := s.told.peers()
					if len(connected) != round+1 || !slices.Equal(connected, gone) {
						t.Fatalf("round %d: peers %v came and %v went before chain-sync has ended", round, connected, gone)
					}
					before := s.at()
					time.Sleep(time.Minute)
					c.Grow(5)
					if err := <-ended; err != nil {
						t.Fatal(err)
					}
					if st := s.Status(); len(st.Peers) != 0 {
						t.Errorf("round %d: %+v", round, st)
					}
					time.Sleep(time.Minute)
					if s.at() != before || offered.Load() != 0 {
						t.Errorf("round %d: something came of a peer that is not followed; %d conversations about transactions", round, offered.Load())
					}
				}
				connected, _ := s.told.peers()
				slices.Sort(connected)
				if len(slices.Compact(connected)) != 3 {
					t.Errorf("peers %v", connected)
				}
				if ours.Err() != nil || theirs.Err() != nil {
					t.Error(ours.Err(), theirs.Err())
				}
			})
		})
	}
}

type nothing struct{}

func (nothing) Next(ctx context.Context, _ int, block bool) ([]txsubmission.Announced, error) {
	if !block {
		return nil, nil
	}
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func (nothing) Get(context.Context, []ledger.TxID) ([]ledger.RawTx, error) { return nil, nil }

// Attached and cooled 1,000 times at random moments, a connection leaves nothing in
// the engine, nor beside it.
func TestAttachLeavesNothing(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector takes memory of its own")
	}
	testenv.CheckLeaks(t)
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(100)
		longer, shorter := c.Fork(0), c.Fork(1)
		us := node.Config{Network: nodetest.Network()}
		a, _ := nodetest.Pair(t, us, node.Config{Network: nodetest.Network(), Sources: c.Sources()})
		e, err := follow.NewEngine(follow.Config{Config: us})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var tasks sync.WaitGroup
		tasks.Go(func() { e.Run(ctx) })
		tasks.Go(func() {
			for range e.Events(ctx) {
			}
		})
		tasks.Go(func() { // so that chain-sync can end
			for ctx.Err() == nil {
				time.Sleep(2 * time.Second)
				c.Become(shorter)
				c.Become(longer)
			}
		})
		random := rand.New(rand.NewPCG(1, 1))
		attach := func(n int) {
			for range n {
				spell, demote := context.WithTimeout(ctx, time.Duration(random.IntN(3000))*time.Millisecond)
				if err := e.Attach(spell, a); err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				demote()
			}
		}
		heap := func() int64 {
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		attach(100)
		synctest.Wait()
		goroutines, before := runtime.NumGoroutine(), heap()
		attach(1000)
		synctest.Wait()
		more := heap() - before
		t.Logf("%d bytes more after 1,000 spells", more)
		if n := runtime.NumGoroutine(); n > goroutines || more > 40_000 {
			t.Errorf("%d goroutines, before %d; %d bytes more", n, goroutines, more)
		}
		if links, bodies := e.Holds(); links > 0 || bodies > nodetest.K {
			t.Errorf("%d links and %d bodies are kept", links, bodies)
		}
		cancel()
		tasks.Wait()
	})
}

// Two connections are followed beside each other, and the engine goes on when one
// of them cools, is lost, or turns out to lie.
func TestAttachSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		short := nodetest.NewChain().Grow(60)
		long := short.Fork(0).Grow(20)
		liar := chaintest.Peer{Chain: short.Fork(0).Grow(30), Hooks: chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
			if f, ok := u.(chainsync.RollForward); ok {
				f.Header = short.Blocks()[40].Header.Raw
				return f
			}
			return u
		}}}
		serving := func(c *chaintest.Chain) node.Config {
			return node.Config{Network: nodetest.Network(), Sources: c.Sources()}
		}
		us := node.Config{Network: nodetest.Network()}
		a, b := nodetest.Pair(t, us, serving(short))
		longer, _ := nodetest.Pair(t, us, serving(long))
		lies, _ := nodetest.Pair(t, us, node.Config{Network: nodetest.Network(), Sources: liar.Sources()})
		s := newStage(t, follow.Config{Config: us})
		lost, lied := make(chan error, 1), make(chan error, 1)
		ctx, demote := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { lost <- s.Attach(t.Context(), a) }()
		go func() { ended <- s.Attach(ctx, longer) }()
		go func() { lied <- s.Attach(t.Context(), lies) }()
		if err := <-lied; !node.Blame(err) || err.Error() != lies.Err().Error() {
			t.Errorf("the liar's connection ended with %v", err)
		}
		time.Sleep(time.Minute)
		if s.at() != long.Tip().Point {
			t.Errorf("at %v, want %v", s.at(), long.Tip())
		}
		b.Close()
		if err := <-lost; err == nil || node.Blame(err) {
			t.Error(err)
		}
		long.Grow(1)
		time.Sleep(time.Minute)
		if s.at() != long.Tip().Point {
			t.Errorf("at %v, want %v", s.at(), long.Tip())
		}
		demote()
		time.Sleep(time.Second)
		long.Grow(1)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// judge is a Verifier that returns an error for the header of one block.
type judge struct {
	at  ledger.BlockNo
	err error
}

func (j judge) Verify(_ context.Context, headers []ledger.Header) (int, error) {
	for i, h := range headers {
		if h.BlockNo == j.at {
			return i, j.err
		}
	}
	return len(headers), nil
}

// Headers that are verified beside chain-sync: what goes wrong with either of the two
// ends both, and the connection.
func TestAttachVerifies(t *testing.T) {
	own := errors.New("of our own")
	for _, test := range []struct {
		name  string
		liar  bool
		j     judge
		blame bool
	}{
		{"chain-sync", true, judge{at: 1000}, true},
		{"an error of the verifier", false, judge{40, own}, false},
		{"a bad header", false, judge{40, &follow.BadHeaderError{Err: own}}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := nodetest.NewChain().Grow(60)
				peer := chaintest.Peer{Chain: c}
				if test.liar {
					peer.Hooks = chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
						if f, ok := u.(chainsync.RollForward); ok && f.Tip.BlockNo == 60 {
							return chainsync.RollForward{Header: ledger.RawHeader{Era: ledger.Conway, Bytes: []byte{0x80}}, Tip: f.Tip}
						}
						return u
					}}
				}
				us := node.Config{Network: nodetest.Network()}
				a, _ := nodetest.Pair(t, us, node.Config{Network: nodetest.Network(), Sources: peer.Sources()})
				s := newStage(t, follow.Config{Config: us, Verifier: test.j})
				ended := make(chan error, 1)
				go func() { ended <- s.Attach(t.Context(), a) }()
				time.Sleep(time.Second)
				c.Grow(1)
				err := <-ended
				if node.Blame(err) != test.blame || !test.liar && !errors.Is(err, own) || a.Err() == nil {
					t.Errorf("blame %t: %v", node.Blame(err), err)
				}
			})
		})
	}
}

// That a peer has none of the points to start at, or cannot be understood, is no end
// for an engine: other connections may come.
func TestAttachUnfollowable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(60)
		us := node.Config{Network: nodetest.Network()}
		with := node.Config{Network: nodetest.Network(), Sources: c.Sources()}
		other := node.Config{Network: nodetest.Network(), Sources: nodetest.NewChain().Grow(3).Sources()}
		a, _ := nodetest.Pair(t, us, other)
		b, _ := nodetest.Pair(t, us, with)
		s := newStage(t, follow.Config{Config: us}, c.Point(30))
		go s.Attach(t.Context(), a)
		time.Sleep(time.Hour)
		go s.Attach(t.Context(), b)
		time.Sleep(time.Minute)
		if s.at() != c.Tip().Point {
			t.Errorf("at %v, want %v", s.at(), c.Tip())
		}
	})
}

// The end of Run cools what is attached; a connection that is hot already, or that
// is not ours to ask, is not followed.
func TestAttachEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(60)
		us := node.Config{Network: nodetest.Network()}
		a, b := nodetest.Pair(t, us, node.Config{Network: nodetest.Network(), Sources: c.Sources()})
		e, err := follow.NewEngine(follow.Config{Config: us})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ran, attached := make(chan error, 1), make(chan error, 1)
		go func() { ran <- e.Run(ctx) }()
		go func() { attached <- e.Attach(t.Context(), a) }()
		time.Sleep(time.Minute)
		if err := e.Attach(t.Context(), a); !errors.Is(err, node.ErrHot) {
			t.Error(err)
		}
		if err := e.Attach(t.Context(), b); !errors.Is(err, node.ErrMayNotAsk) {
			t.Error(err)
		}
		for _, err := range e.Events(t.Context()) { // the others wait for a later loop
			if err != nil {
				t.Error(err)
			}
			break
		}
		cancel()
		if err := <-ran; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		time.Sleep(time.Second)
		c.Grow(1)
		if err := <-attached; err != nil || a.Err() != nil {
			t.Error(err, a.Err())
		}
		for _, err := range e.Events(t.Context()) {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
	})
}

// What only Follow does is not ignored.
func TestEngineConfig(t *testing.T) {
	for want, change := range map[string]func(*follow.Config){
		"Network": func(cfg *follow.Config) { cfg.Network = ledger.Network{} },
		"Peers":   func(cfg *follow.Config) { cfg.Peers = []string{"a:1"} },
		"Persist": func(cfg *follow.Config) { cfg.Persist = true },
		"Lost":    func(cfg *follow.Config) { cfg.Observer.Lost = func(string, error, time.Duration) {} },
	} {
		cfg := follow.Config{Config: node.Config{Network: nodetest.Network()}}
		change(&cfg)
		if _, err := follow.NewEngine(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
