package sim

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestSameSeedSameRun(t *testing.T) {
	seen := make(map[uint64]bool)
	for _, sc := range Scenarios() {
		for seed := range uint64(5) {
			a, b := Run(sc, seed), Run(sc, seed)
			if a.String() != b.String() {
				t.Errorf("two runs differ:\n%v\n%v", a, b)
			}
			if seen[a.Trace] {
				t.Errorf("trace of another run: %v", a)
			}
			seen[a.Trace] = true
		}
	}
}

// What has happened before another run must not show in it.
func TestRunsAreApart(t *testing.T) {
	sc, err := ByName("all")
	if err != nil {
		t.Fatal(err)
	}
	want := Run(sc, 3).Trace
	t.Run("at the same time", func(t *testing.T) {
		for range 4 {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				if got := Run(sc, 3).Trace; got != want {
					t.Errorf("trace %x, want %x", got, want)
				}
			})
		}
	})
}

// What is left is what the fault needs: here two nodes, a peer and ten blocks. Another
// fault, which needs less, is not taken for it.
func TestShrink(t *testing.T) {
	sc, err := ByName("all")
	if err != nil {
		t.Fatal(err)
	}
	run := func(sc Scenario, seed uint64) *Result {
		r := &Result{Scenario: sc, Seed: seed, Failure: &Failure{Oracle: "ledger"}}
		if sc.Nodes < 2 || sc.Blocks < 10 {
			r.Failure.Oracle = "leak"
		}
		return r
	}
	small := shrink(run(sc, 1), run)
	if s := small.Scenario; s.Faults != 0 || s.Txs != 0 || s.Reorgs != 0 || s.Peers != 1 || s.Nodes != 2 || s.Blocks != 10 {
		t.Errorf("left: %+v", s)
	}
	for _, flag := range []string{" -seed 1 -scenario all", " -nodes 2", " -blocks 10", " -faults 0", " -txs 0", " -peers 1"} {
		if !strings.Contains(small.String(), flag) {
			t.Errorf("%q is not in %v", flag, small)
		}
	}
	if fine := Run(sc, 1); Shrink(fine) != fine {
		t.Error("shrinks what did not fail")
	}
}

// Any numbers will do.
func TestOddScenarios(t *testing.T) {
	for _, sc := range []Scenario{
		{},
		{Nodes: 1, Peers: 1, Blocks: 1},
		{Nodes: 6, Peers: 1, Blocks: 30, Txs: 5},
		{Nodes: 1, Peers: 9, Manners: []Manner{Lying}, Blocks: 40, Reorgs: 100},
		{Nodes: 2, Peers: 2, Blocks: 40, Faults: 40, Kinds: []Fault{RestartBare}},
		{Nodes: 2, Peers: 3, Blocks: 500, Roomy: true},
	} {
		for seed := range uint64(10) {
			if r := Run(sc, seed); r.Failure != nil {
				t.Errorf("%+v: %v", sc, r)
			}
		}
	}
	if _, err := ByName("none"); err == nil || !strings.Contains(err.Error(), "churn") {
		t.Errorf("error %v, want one that lists the scenarios", err)
	}
}

func TestAgenda(t *testing.T) {
	var a agenda
	rnd := rand.New(rand.NewPCG(1, 1))
	var now time.Duration
	last, planned := int32(-1), int32(0)
	for range 20_000 {
		if rnd.IntN(2) == 0 || len(a.heap) == 0 {
			a.plan(now+time.Duration(rnd.IntN(50)), tick).a = planned
			planned++
			continue
		}
		at, e := a.next()
		switch {
		case at < now:
			t.Fatalf("%v after %v", at, now)
		case at == now && e.a < last:
			t.Fatalf("%d after %d, planned for the same time", e.a, last)
		}
		now, last = at, e.a
		a.done(e)
	}
}

// BenchmarkEvents measures a core's share of a machine: events of whole runs,
// oracles and cores included.
func BenchmarkEvents(b *testing.B) {
	scenarios := append(Scenarios(), Scenario{Name: "long", Nodes: 2, Peers: 4, Blocks: 20_000, Roomy: true})
	for _, sc := range scenarios {
		b.Run(sc.Name, func(b *testing.B) {
			b.ReportAllocs()
			events, seed := 0, uint64(0)
			for b.Loop() {
				r := Run(sc, seed%20)
				if r.Failure != nil {
					b.Fatal(r)
				}
				events += r.Events
				seed++
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
