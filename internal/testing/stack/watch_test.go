package stack

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/sim"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/vnet"
)

// bench is oracles with nobody on the stage.
func bench(t *testing.T, scenario string) (*stage, []int) {
	t.Helper()
	p := sim.NewPlot(short(t, scenario, 30), 1)
	s := &stage{plot: p, tree: render(t, p, false), net: vnet.New(vnet.Config{})}
	s.watch.begin(s)
	s.watch.started(0)
	s.watch.event(0, follow.RollBackward{})
	return s, s.tree.Line(p.Best)
}

// What a relay must not hand on is found.
func TestWatchEvents(t *testing.T) {
	forward := func(s *stage, i int) follow.Event { return follow.RollForward{Block: s.tree.Blocks[i]} }
	back := func(s *stage, i int) follow.Event { return follow.RollBackward{To: s.tree.Tip(i)} }
	for _, test := range []struct {
		name, want string
		events     func(s *stage, line []int) []follow.Event
	}{
		{"forward", "", func(s *stage, line []int) []follow.Event { return nil }},
		{"back and forward", "", func(s *stage, line []int) []follow.Event {
			return []follow.Event{back(s, line[9]), forward(s, line[10])}
		}},
		{"twice", "twice", func(s *stage, line []int) []follow.Event { return []follow.Event{forward(s, line[10])} }},
		{"a gap", "does not fit", func(s *stage, line []int) []follow.Event { return []follow.Event{forward(s, line[12])} }},
		{"another body", "was made", func(s *stage, line []int) []follow.Event {
			b := s.tree.Blocks[line[11]]
			b.Raw = append(ledger.RawBlock{}, b.Raw...)
			b.Raw[len(b.Raw)-1]++
			return []follow.Event{follow.RollForward{Block: b}}
		}},
		{"back to nowhere", "not on the chain", func(s *stage, line []int) []follow.Event { return []follow.Event{back(s, line[11])} }},
		{"too far back", "more than", func(s *stage, line []int) []follow.Event {
			s.watch.chains[0].K = 5
			return []follow.Event{back(s, line[4])}
		}},
	} {
		s, line := bench(t, "sync")
		for _, i := range line[1:11] {
			s.watch.event(0, forward(s, i))
		}
		if f := s.watch.r.Failure(); f != "" {
			t.Fatal(f)
		}
		for _, ev := range test.events(s, line) {
			s.watch.event(0, ev)
		}
		if f := s.watch.r.Failure(); test.want == "" && f != "" || !strings.Contains(f, test.want) {
			t.Errorf("%s: %q, want %q", test.name, f, test.want)
		}
	}
}

// Who keeps the rules must not be blamed, unless the network made it late.
func TestWatchBlame(t *testing.T) {
	broke := &protocol.ViolationError{Protocol: "chain-sync", Err: protocol.ErrOutOfTurn}
	late := fmt.Errorf("lost: %w", &protocol.ViolationError{Protocol: "chain-sync", Err: protocol.ErrTimeout})
	for _, test := range []struct {
		scenario string
		manner   sim.Manner
		err      error
		fails    bool
	}{
		{"liars", sim.Lying, broke, false},
		{"liars", sim.Withholding, broke, false},
		{"liars", sim.Silent, late, false},
		{"liars", sim.Honest, broke, true},
		{"liars", sim.Forking, late, true},
		{"liars", sim.Node, broke, true},
		{"liars", sim.Honest, errors.New("reset"), false},
		{"churn", sim.Honest, late, false},
		{"churn", sim.Honest, broke, true},
	} {
		s, _ := bench(t, test.scenario)
		for i, m := range s.plot.Manners {
			if m == test.manner {
				s.watch.lost(0, s.address(i), test.err)
				break
			}
		}
		if got := s.watch.r.Failure() != ""; s.watch.r.Lost != 1 || got != test.fails {
			t.Errorf("%s, %v, %v: fails %t, want %t", test.scenario, test.manner, test.err, got, test.fails)
		}
	}
}
