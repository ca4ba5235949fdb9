package stack

import (
	"flag"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/internal/leak"
	"github.com/ouronet/ouronet/sim"
)

var (
	seeds = flag.Int("stack.seeds", 1, "how many seeds of each scenario to play")
	reps  = flag.Int("stack.reps", 2, "how often to play each")
)

// play plays a plot in a bubble.
func play(t *testing.T, p *sim.Plot, tree *Tree, verify bool) (r *Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r = Play(Config{Plot: p, Tree: tree, Verify: verify, Wait: synctest.Wait, Dir: t.TempDir})
	})
	return r
}

func TestPlay(t *testing.T) {
	leak.Check(t)
	for _, sc := range sim.Scenarios() {
		sc.Blocks = min(sc.Blocks, 40)
		for seed := range uint64(*seeds) {
			t.Run(fmt.Sprintf("%s/%d", sc.Name, seed), func(t *testing.T) {
				p := sim.NewPlot(sc, seed)
				tree, err := Render(p, false)
				if err != nil {
					t.Fatal(err)
				}
				first := play(t, p, tree, false)
				t.Log(first)
				if testing.Verbose() {
					for _, l := range first.Ends {
						t.Log(l)
					}
				}
				if f := first.Failure(); f != "" {
					t.Error(f)
				}
				for name, steps := range first.Steps { // any order
					told, err := sim.Replay(steps, p.Config(0).Prefer)
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
					if testing.Verbose() {
						t.Log(name, told)
					}
				}
				for range *reps - 1 {
					if d := first.Difference(play(t, p, tree, false)); d != "" {
						t.Fatal(d)
					}
				}
			})
		}
	}
}
