package follow_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/trace"
)

// A run that starts with blocks which are adopted already begins at the last of them,
// fetches none of them, and can roll back to the one that they follow. It replays.
func TestStartWithAdopted(t *testing.T) {
	for name, test := range map[string]struct {
		switched bool // the peer has left our chain at block 70
		adopted  int  // from block 61 on; k is 20
	}{
		"same chain":        {false, 20},
		"fork":              {true, 20},
		"more than k":       {false, 35},
		"none":              {false, 0},
		"fork, more than k": {true, 25},
	} {
		t.Run(name, func(t *testing.T) {
			core := recorded(t, trace.Config{}, func(w *nodetest.World, d follow.Decisions) {
				c := nodetest.NewChain().Grow(61 + test.adopted)
				blocks := c.Blocks()
				anchor, have := blocks[60].Header.Tip(), blocks[61:]
				if test.switched {
					c.Switch(len(blocks)-71, len(blocks)-71+5)
				} else {
					c.Grow(5)
				}
				w.Serve("a", c)
				cfg := w.FollowConfig("a")
				cfg.Anchor, cfg.Bodies, cfg.Decisions = &anchor, follow.NewMemory(have...), d
				for _, b := range have {
					cfg.Adopted = append(cfg.Adopted, b.Header)
				}
				follower, err := follow.NewFollower(cfg)
				if err != nil {
					w.T.Fatal(err)
				}
				at, n := []ledger.Point(nil), 0
				for ev, err := range follower.Events(w.T.Context()) {
					if err != nil {
						w.T.Fatal(err)
					}
					switch ev := ev.(type) {
					case follow.RollBackward:
						at = append(at, ev.To.Point)
					case follow.RollForward:
						n++
						if ev.From != "a" {
							w.T.Errorf("block %v from %q", ev.Block.Header.BlockNo, ev.From)
						}
					}
					if follower.Status().Tip.Point == c.Point(0) && n > 0 {
						break
					}
				}
				want, more := []ledger.Point{blocks[len(blocks)-1].Header.Point()}, 5
				if test.switched {
					// That it begins at a point which the peer does not have is not told.
					want, more = []ledger.Point{blocks[70].Header.Point()}, len(blocks)-71+5
				}
				if fmt.Sprint(at) != fmt.Sprint(want) || n == 0 || n > more {
					w.T.Errorf("rolled back to %v and got %d blocks, want %v and %d", at, n, want, more)
				}
				if held := follower.Held(); held > nodetest.K+more {
					w.T.Errorf("%d bodies are held", held)
				}
				for range follower.Events(w.T.Context()) {
					break
				}
				for _, err := range follower.Events(w.T.Context()) {
					if err == nil {
						w.T.Error("the blocks of one run serve another")
					}
					break
				}
			})
			if err := core.Replay(nil); err != nil || core.Truncated {
				t.Error(err, core.Truncated)
			}
		})
	}
}

// What is adopted needs the block that it follows, and somebody who has the blocks.
func TestAdoptedAlone(t *testing.T) {
	w := nodetest.NewWorld(t)
	b := nodetest.NewChain().Grow(2).Blocks()
	anchor := b[0].Header.Tip()
	for _, cfg := range []follow.Config{
		{Adopted: []ledger.Header{b[1].Header}},
		{Adopted: []ledger.Header{b[1].Header}, Anchor: &anchor},
		{Adopted: []ledger.Header{b[1].Header}, Bodies: follow.NewMemory(b...)},
	} {
		full := w.FollowConfig("a")
		full.Adopted, full.Anchor, full.Bodies = cfg.Adopted, cfg.Anchor, cfg.Bodies
		if _, err := follow.NewFollower(full); err == nil {
			t.Error("no error")
		}
	}
	cfg := w.FollowConfig("a")
	cfg.Adopted, cfg.Anchor, cfg.Bodies = []ledger.Header{b[0].Header}, &anchor, follow.NewMemory(b...)
	f, err := follow.NewFollower(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range f.Events(t.Context()) {
		if link := new(chain.LinkError); !errors.As(err, &link) {
			t.Errorf("adopted what does not follow: %v", err)
		}
		break
	}
}
