package sim

// Shrink looks for a smaller scenario in which the same oracle finds a failure
// with the same seed, and returns the smallest run that it came across: fewer
// faults, transactions, peers, nodes and blocks, as far as dropping more of one
// thing changes what is found. It returns failed itself if nothing can go.
func Shrink(failed *Result) *Result { return shrink(failed, Run) }

func shrink(failed *Result, run func(Scenario, uint64) *Result) *Result {
	if failed.Failure == nil {
		return failed
	}
	best := failed
	for again := true; again; {
		again = false
		for _, part := range parts {
			for cut := *part.of(&best.Scenario) - part.least; cut > 0; cut /= 2 {
				for {
					sc := best.Scenario
					n := part.of(&sc)
					if *n -= cut; *n < part.least {
						break
					}
					r := run(sc, failed.Seed)
					if r.Failure == nil || r.Failure.Oracle != failed.Failure.Oracle {
						break
					}
					best, again = r, true
				}
			}
		}
	}
	return best
}

// parts are what can be dropped, what costs a reader most first.
var parts = []struct {
	of    func(*Scenario) *int
	least int
}{
	{func(sc *Scenario) *int { return &sc.Faults }, 0},
	{func(sc *Scenario) *int { return &sc.Txs }, 0},
	{func(sc *Scenario) *int { return &sc.Peers }, 1},
	{func(sc *Scenario) *int { return &sc.Nodes }, 1},
	{func(sc *Scenario) *int { return &sc.Reorgs }, 0},
	{func(sc *Scenario) *int { return &sc.Blocks }, 0},
}
