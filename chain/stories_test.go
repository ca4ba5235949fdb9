package chain

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

func worldConfig(seed uint64) Config {
	rnd := rand.New(rand.NewPCG(seed, 1))
	return Config{
		K: 3 + rnd.IntN(10), MaxLead: 20 + rnd.IntN(100), MaxSideHeaders: 200 + rnd.IntN(1000),
		MaxBytes: 8000 + rnd.IntN(40_000), MaxRangeBlocks: 1 + rnd.IntN(20), MaxRanges: 1 + rnd.IntN(5),
		FetchPeers: 1 + rnd.IntN(3), StallTimeout: 3 * time.Second, Salt: seed,
	}
}

// TestRandomStories checks after every step what must always hold, at the end
// that we have the best chain an honest peer has, and that nothing is left
// when all are gone.
func TestRandomStories(t *testing.T) { testStories(t, false) }

// TestJudgedStories has some of the peers' chains go over blocks that a judge finds
// invalid, sometimes long after it was asked, or not at the first time.
func TestJudgedStories(t *testing.T) { testStories(t, true) }

func testStories(t *testing.T, judge bool) {
	n := uint64(300)
	if testing.Short() {
		n = 30
	}
	adopts, rollbacks, invalid := 0, 0, 0
	for seed := range n {
		cfg := worldConfig(seed)
		cfg.Judge = judge
		w := newWorld(t, seed, cfg)
		w.run(1500)
		for _, r := range append([]*remote(nil), w.peers...) {
			if r.liar {
				w.lose(r.id)
				w.step(PeerGone{r.id})
			}
		}
		w.playOut() // or our chain leaves the next one's fork point behind
		best := w.grow(nil, 0, 0)
		for i := range w.ours[1:] { // an honest peer that extends our chain
			best = append(best, w.tree.names[w.ours[i+1].Point.Hash])
		}
		best = w.grow(best, w.rnd.IntN(w.cfg.K), 40)
		w.connect(best, false)
		w.playOut()
		if got, want := w.core.Tip().BlockNo, ledger.BlockNo(len(best)-1); got < want {
			t.Fatalf("seed %d: at block %d, a peer has %d: %+v", seed, got, want, w.core.Stats())
		}
		for len(w.peers) > 0 {
			id := w.peers[0].id
			w.lose(id)
			w.step(PeerGone{id})
		}
		for _, n := range w.owed {
			w.step(Consumed{n})
		}
		if s := w.core.Stats(); s != (Stats{OldForks: s.OldForks, Invalid: s.Invalid, Deferred: s.Deferred}) {
			t.Fatalf("seed %d: left behind %+v", seed, s)
		}
		if w.core.credits.granted != 0 || len(w.core.byID) != 0 {
			t.Fatalf("seed %d: peers left behind", seed)
		}
		adopts, rollbacks, invalid = adopts+w.adopts, rollbacks+w.rollbacks, invalid+w.bench.invalid
	}
	if adopts < int(50*n) || rollbacks < int(n) {
		t.Errorf("only %d adoptions and %d rollbacks: the stories are too dull", adopts, rollbacks)
	}
	if judge && invalid < int(n)/3 {
		t.Errorf("only %d invalid blocks were judged", invalid)
	}
	t.Logf("%d adoptions, %d rollbacks, %d invalid blocks", adopts, rollbacks, invalid)
}

// TestSameEventsSameEffects runs each story twice.
func TestSameEventsSameEffects(t *testing.T) {
	for seed := range uint64(20) {
		cfg := worldConfig(seed)
		cfg.Judge = seed%2 == 1
		a := newWorld(t, seed, cfg).run(1000)
		b := newWorld(t, seed, cfg).run(1000)
		if a != b {
			t.Fatalf("seed %d: %x and %x", seed, a, b)
		}
	}
}

// TestResume starts again from some of the points of a chain, with peers that
// have that chain, part of it, or forks of it.
func TestResume(t *testing.T) {
	for i := range uint64(400) {
		seed := i / 2
		cfg := worldConfig(seed)
		cfg.Judge = i%2 == 1
		w := newWorld(t, seed, cfg)
		chain := w.grow(nil, 0, 60)
		var points []ledger.Point
		w.ours = w.ours[:1]
		for i, name := range chain {
			if h := w.tree.headers[name]; i == 0 || i > 40 && w.rnd.IntN(4) == 0 {
				w.ours = append(w.ours, ledger.Tip{Point: h.Point()})
				points = append([]ledger.Point{h.Point()}, points...)
			}
		}
		points = append(points, ledger.Origin)
		w.cfg.Points, w.resumed = points, true
		w.cfg.K = 100
		core, err := New(w.cfg)
		if err != nil {
			t.Fatal(err)
		}
		w.core = core
		w.connect(chain[:30+w.rnd.IntN(30)], false)
		if cfg.Judge {
			w.spoil(chain)
		}
		w.connect(w.grow(chain, w.rnd.IntN(20), w.rnd.IntN(20)), false)
		best := w.grow(chain, w.rnd.IntN(20), 30)
		w.connect(best, false)
		w.playOut()
		w.switchChain(w.peers[0], best)
		w.playOut()
		if got, want := w.core.Tip().BlockNo, ledger.BlockNo(len(best)-1); got < want {
			for _, r := range w.peers {
				st, _ := core.Peer(r.id)
				t.Logf("%+v: %+v", r, st)
			}
			t.Logf("%+v, side %d", w.cfg, w.core.tree.side)
			t.Fatalf("seed %d: at block %d, a peer has %d: %+v", seed, got, want, w.core.Stats())
		}
	}
}
