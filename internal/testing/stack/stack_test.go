package stack

import (
	"bytes"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/internal/testing/sim"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/trace"
)

var (
	seeds = flag.Int("stack.seeds", 0, "how many seeds of each scenario to play, 0 for a few")
	first = flag.Int("stack.first", 0, "the first of them")
	plays = flag.Int("stack.plays", 2, "how often to play each in lockstep")

	// Restarts wait for a disk.
	faults = flag.Int("stack.faults", 8, "how many faults to plan at most")
)

func render(t *testing.T, p *sim.Plot, signed bool) *Tree {
	t.Helper()
	tree, err := Render(p, signed)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// play plays a plot in a bubble.
func play(t *testing.T, cfg Config) (r *Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.Dir = t.TempDir
		r = Play(cfg)
	})
	return r
}

// check plays a plot: oracles must be content, and the recorded steps of all
// cores give the same effects in the simulator.
func check(t *testing.T, cfg Config) *Result {
	t.Helper()
	r := play(t, cfg)
	t.Log(r)
	if f := r.Failure(); f != "" {
		t.Error(f)
	}
	for name, steps := range r.Steps { // any order
		if _, err := sim.Replay(steps, cfg.Plot.Config(0).Prefer); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	return r
}

// judge plays a plot several times in lockstep: all traces must be equal.
func judge(t *testing.T, cfg Config) *Result {
	t.Helper()
	cfg.Wait = synctest.Wait
	one := check(t, cfg)
	// On another number of cores goroutines run in another order.
	cores := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(cores)
	for i := range *plays - 1 {
		runtime.GOMAXPROCS(1 + i*3%5)
		if d := one.Difference(play(t, cfg)); d != "" {
			t.Fatal(d)
		}
	}
	return one
}

// short returns a scenario of so many blocks at most, which is what takes time.
func short(t *testing.T, name string, blocks int) sim.Scenario {
	t.Helper()
	sc, err := sim.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	sc.Blocks = min(sc.Blocks, blocks)
	return sc
}

// again is the command that plays a plot once more.
func again(name string, seed int) string {
	detector := ""
	if testenv.Race {
		detector = " -race"
	}
	return fmt.Sprintf("go test%s ./internal/testing/stack -run '^%s$' -stack.first %d -stack.seeds 1 -stack.plays %d -stack.faults %d",
		detector, strings.ReplaceAll(name, "/", "$/^"), seed, *plays, *faults)
}

// each plays the plots of scenarios.
func each(t *testing.T, scenarios []sim.Scenario, few int, signed bool) {
	t.Helper()
	n := *seeds
	if n == 0 {
		if n = few; testing.Short() || testenv.Race {
			n = 1
		}
	}
	for _, sc := range scenarios {
		for seed := *first; seed < *first+n; seed++ {
			t.Run(fmt.Sprintf("%s/%d", sc.Name, seed), func(t *testing.T) {
				t.Cleanup(func() {
					if t.Failed() {
						t.Log("again:", again(t.Name(), seed))
					}
				})
				p := sim.NewPlot(sc, uint64(seed))
				cfg := Config{Plot: p, Tree: render(t, p, signed), Verify: signed}
				if *plays > 0 {
					judge(t, cfg)
				}
				check(t, cfg) // freely
			})
		}
	}
}

// The plots of all scenarios, played with relays.
func TestPlay(t *testing.T) {
	testenv.CheckLeaks(t)
	all := sim.Scenarios()
	for i := range all {
		all[i].Blocks, all[i].Faults = min(all[i].Blocks, 40), min(all[i].Faults, *faults)
	}
	each(t, all, 2, false)
}

// The same with signed headers and relays that verify them.
func TestPlaySigned(t *testing.T) {
	testenv.CheckLeaks(t)
	each(t, []sim.Scenario{short(t, "forks", 24), short(t, "liars", 24), short(t, "restart", 24)}, 1, true)
}

// A recording of relays, as the recorder of package trace makes it, holds what
// the simulator needs, and so does what arrived.
func TestRecording(t *testing.T) {
	testenv.CheckLeaks(t)
	p := sim.NewPlot(short(t, "liars", 20), 2)
	tree := render(t, p, false)
	var file bytes.Buffer
	var r *Result
	synctest.Test(t, func(t *testing.T) {
		rec := trace.NewRecorder(&file, trace.Config{})
		r = Play(Config{Plot: p, Tree: tree, Wait: synctest.Wait, Recorder: rec})
		if err := rec.Close(); err != nil || rec.Truncated() > 0 {
			t.Errorf("recorder: %v, %d truncated", err, rec.Truncated())
		}
	})
	if d := r.Difference(play(t, Config{Plot: p, Tree: tree, Wait: synctest.Wait})); d != "" {
		t.Errorf("without a recorder: %s", d)
	}
	all, err := trace.Load(&file)
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Cores) != p.Scenario.Nodes || len(all.Conns) == 0 {
		t.Errorf("%d cores and %d connections recorded", len(all.Cores), len(all.Conns))
	}
	for _, core := range all.Cores {
		steps := make([]sim.Step, len(core.Steps))
		for i, s := range core.Steps {
			steps[i] = sim.Step{Input: s.Input, Effects: s.Effects}
		}
		told, err := sim.Replay(steps, p.Config(0).Prefer)
		if err != nil || told.Steps != len(r.Steps[core.Name]) || told.Adopted == 0 {
			t.Errorf("%s: %v, %v, want %d steps", core.Name, told, err, len(r.Steps[core.Name]))
		}
	}
}

// A core that decides otherwise than the one that was recorded is seen.
func TestReplaySeesChange(t *testing.T) {
	p := sim.NewPlot(short(t, "forks", 30), 3)
	r := play(t, Config{Plot: p, Tree: render(t, p, false), Wait: synctest.Wait})
	steps, prefer := r.Steps["n0"], p.Config(0).Prefer
	if told, err := sim.Replay(steps, prefer); err != nil || told.RolledBack == 0 {
		t.Fatalf("%v, %v: want some rollbacks", told, err)
	}
	otherwise := func(ours, cand *ledger.Header) bool { return !prefer(ours, cand) }
	for name, changed := range map[string]func() (sim.Replayed, error){
		"another preference": func() (sim.Replayed, error) { return sim.Replay(steps, otherwise) },
		"an event lost": func() (sim.Replayed, error) {
			return sim.Replay(append(steps[:20:20], steps[21:]...), prefer)
		},
		"no configuration": func() (sim.Replayed, error) { return sim.Replay(steps[1:], prefer) },
	} {
		if told, err := changed(); err == nil || !strings.Contains(err.Error(), `"effects"`) {
			t.Errorf("%s: %v, %v", name, told, err)
		}
	}
}

// What differs first is told, with the time.
func TestDifference(t *testing.T) {
	sc := short(t, "sync", 6)
	p, other := sim.NewPlot(sc, 1), sim.NewPlot(sc, 1)
	tree := render(t, p, false)
	one := play(t, Config{Plot: p, Tree: tree, Wait: synctest.Wait})
	for i := range other.Moves {
		other.Moves[i].At++
	}
	if d := one.Difference(play(t, Config{Plot: other, Tree: tree, Wait: synctest.Wait})); !strings.Contains(d, "one:") || !strings.Contains(d, "data") {
		t.Errorf("a nanosecond later: %q", d)
	}
}
