package sim

import (
	"flag"
	"testing"
)

var (
	seeds = flag.Int("sim.seeds", 1200, "how many seeds to play, over all scenarios")
	from  = flag.Uint64("sim.from", 0, "the first seed of each scenario")
	first = flag.Bool("sim.first", false, "stop at the first failure, and leave it as it is")
)

// TestSweep plays all scenarios in turn; what fails is made smaller.
func TestSweep(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = min(n, 140)
	}
	all := Scenarios()
	var sum Result
	for i := range n {
		sc := all[i%len(all)]
		r := Run(sc, *from+uint64(i/len(all)))
		sum.Events += r.Events
		sum.Adopted += r.Adopted
		sum.RolledBack += r.RolledBack
		sum.Fetches += r.Fetches
		sum.Cancelled += r.Cancelled
		sum.Stopped += r.Stopped
		sum.Blamed += r.Blamed
		sum.Txs += r.Txs
		if r.Failure != nil && *first {
			t.Fatalf("run %d: %v", i+1, r)
		}
		if r.Failure != nil {
			t.Errorf("%v\nmade smaller:\n%v", r, Shrink(r))
		}
	}
	t.Logf("%d runs: %d events, %d blocks adopted, %d rollbacks, %d ranges, %d cancelled, %d chain-syncs stopped, %d peers blamed, %d transactions",
		n, sum.Events, sum.Adopted, sum.RolledBack, sum.Fetches, sum.Cancelled, sum.Stopped, sum.Blamed, sum.Txs)
}
