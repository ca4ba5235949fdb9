package sim

import (
	"cmp"
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestPlot(t *testing.T) {
	for _, sc := range Scenarios() {
		for seed := range uint64(20) {
			p := NewPlot(sc, seed)
			if !reflect.DeepEqual(p, NewPlot(sc, seed)) {
				t.Fatalf("%s, seed %d: another plot the second time", sc.Name, seed)
			}
			checkPlot(t, p)
		}
	}
}

// checkPlot checks what the comments of Plot promise.
func checkPlot(t *testing.T, p *Plot) {
	t.Helper()
	nodes, all := p.Scenario.Nodes, len(p.Manners)
	best := p.Blocks[p.Best]
	rotten := make([]bool, len(p.Blocks))
	for i, b := range p.Blocks[1:] {
		rotten[i+1] = b.Flaw != Sound || rotten[b.Parent]
		up := p.Blocks[b.Parent]
		if b.Parent > i || b.Height != up.Height+1 || b.Slot <= up.Slot {
			t.Errorf("block %d: %+v after %+v", i+1, b, up)
		}
		if i+1 != p.Best && !rotten[i+1] && (b.Height >= best.Height || b.Slot >= best.Slot) {
			t.Errorf("block %d, %+v, is not behind the best, %+v", i+1, b, best)
		}
	}
	inTime := func(name string, at []time.Duration) {
		if !slices.IsSortedFunc(at, cmp.Compare) {
			t.Errorf("%s are not in order of time", name)
		}
	}
	var moves, follows, faults, submissions []time.Duration
	last := make([]Move, all)
	for _, m := range p.Moves {
		moves = append(moves, m.At)
		last[m.Node] = m
		if m.Node < nodes || m.Block >= len(p.Blocks) {
			t.Errorf("%+v of %d nodes and %d blocks", m, nodes, len(p.Blocks))
		}
	}
	if first := last[nodes]; p.Manners[nodes] != Honest || first.Block != p.Best || first.At < p.Quiet {
		t.Errorf("the first peer is %v and ends with %+v", p.Manners[nodes], first)
	}
	led := make([]bool, nodes) // by a line of nodes to the first peer
	for _, f := range p.Follows {
		follows = append(follows, f.At)
		if f.Node >= nodes || f.Peer >= all || f.Node == f.Peer {
			t.Errorf("%+v of %d nodes and %d participants", f, nodes, all)
		}
	}
	for range nodes {
		for _, f := range p.Follows {
			led[f.Node] = led[f.Node] || f.Peer == nodes || f.Peer < nodes && led[f.Peer]
		}
	}
	if slices.Contains(led, false) {
		t.Errorf("who can have blocks of the honest peer: %v", led)
	}
	for _, f := range p.Faults {
		faults = append(faults, f.At)
		if f.Node >= nodes || f.Chance < 0 || f.At > p.Quiet {
			t.Errorf("%+v of %d nodes", f, nodes)
		}
	}
	for _, s := range p.Submissions {
		submissions = append(submissions, s.At)
		if s.Node >= nodes || s.At > p.Quiet {
			t.Errorf("%+v of %d nodes", s, nodes)
		}
	}
	inTime("moves", moves)
	inTime("follows", follows)
	inTime("faults", faults)
	inTime("submissions", submissions)
}
