package follow_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/redial"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
)

// A peer that stays for a while after it was gone again and again is soon
// connected to again.
func TestPausesStartOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(10)
		s := w.Serve("a", c)
		pauses := make(chan time.Duration, 1)
		cfg := w.FollowConfig("a")
		cfg.Observer.Lost = func(_ string, _ error, pause time.Duration) { pauses <- pause }
		f := w.Follow(cfg)
		f.Reach(c)
		for n, test := range []struct{ lasts, most time.Duration }{
			{redial.Steady + time.Second, redial.First},
			{time.Second, 2 * redial.First},
			{time.Second, 4 * redial.First},
			{time.Second, 8 * redial.First},
			{redial.Steady + time.Second, redial.First},
			{time.Second, 2 * redial.First},
		} {
			time.Sleep(test.lasts)
			s.Drop()
			pause := <-pauses
			if pause < test.most*9/10 || pause > test.most*11/10 {
				t.Errorf("pause %d is %v, want about %v", n, pause, test.most)
			}
			time.Sleep(pause)
		}
	})
}

// pausesOf returns how long a follower waits before it tries peers again that
// are not there.
func pausesOf(t *testing.T, seed uint64, peers ...string) map[string][]time.Duration {
	type loss struct {
		address string
		pause   time.Duration
	}
	all := make(map[string][]time.Duration)
	synctest.Test(t, func(t *testing.T) {
		w := nodetest.NewWorld(t)
		cfg := w.FollowConfig(peers...)
		cfg.Seed = seed
		losses := make(chan loss)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		cfg.Observer.Lost = func(address string, _ error, pause time.Duration) {
			select {
			case losses <- loss{address, pause}:
			case <-ctx.Done():
			}
		}
		w.Follow(cfg).Start()
		for range 5 * len(peers) {
			l := <-losses
			all[l.address] = append(all[l.address], l.pause)
		}
	})
	return all
}

// Each peer of a follower has pauses of its own, and the seed fixes them.
func TestPausesOfSeed(t *testing.T) {
	one, again, other := pausesOf(t, 1, "a", "b"), pausesOf(t, 1, "b", "a"), pausesOf(t, 2, "a", "b")
	if len(one["a"]) < 3 || slices.Equal(one["a"][:3], one["b"][:3]) {
		t.Errorf("pauses of two peers: %v", one)
	}
	if !slices.Equal(one["a"][:3], again["a"][:3]) || !slices.Equal(one["b"][:3], again["b"][:3]) {
		t.Errorf("pauses with the same seed: %v and %v", one, again)
	}
	if slices.Equal(one["a"][:3], other["a"][:3]) {
		t.Errorf("pauses with another seed: %v and %v", one, other)
	}
}

// The seed fixes how long a peer that announces nothing is waited for.
func TestPatienceOfSeed(t *testing.T) {
	patience := func(seed uint64) (took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(10)
			w.Serve("a", c)
			cfg := w.FollowConfig("a")
			cfg.Seed = seed
			lost := make(chan struct{}, 10)
			cfg.Observer.Lost = func(string, error, time.Duration) { lost <- struct{}{} }
			began := time.Now()
			w.Follow(cfg).Reach(c)
			<-lost
			took = time.Since(began)
		})
		return took
	}
	one, again, other := patience(1), patience(1), patience(2)
	if one < 601*time.Second || one > 912*time.Second {
		t.Errorf("waits for %v", one)
	}
	if one != again || one == other {
		t.Errorf("seed 1 waits for %v and %v, seed 2 for %v", one, again, other)
	}
}
