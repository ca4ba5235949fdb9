package conformance_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/protocol"
)

// halves makes a change on one side only, first on the initiator's.
func halves(spec func() *protocol.Spec, depth int, change func(*protocol.Spec)) [2]conformance.Model {
	wrong := spec()
	change(wrong)
	a, b := conformance.NewModel(spec(), depth), conformance.NewModel(spec(), depth)
	a.Initiator, b.Responder = wrong, wrong
	return [2]conformance.Model{a, b}
}

// An edge that leads elsewhere, or agency with somebody else, on either side of
// any mini-protocol, is found at every depth.
func TestPlantedErrors(t *testing.T) {
	planted := 0
	try := func(spec func() *protocol.Spec, what string, change func(*protocol.Spec)) {
		for depth := 1; depth <= 3; depth++ {
			for side, m := range halves(spec, depth, change) {
				planted++
				if _, err := m.Check(); err == nil {
					t.Errorf("%s at depth %d, %v: %s is not found", spec().Name, depth, protocol.Initiator+protocol.Role(side), what)
				}
			}
		}
	}
	for _, spec := range specs {
		for i, s := range spec().States {
			for agency := protocol.Nobody; agency <= protocol.Responder; agency++ {
				if agency != s.Agency && (len(s.Edges) > 0 || agency != protocol.Nobody) {
					try(spec, fmt.Sprintf("agency of %v in %s", agency, s.Name), func(p *protocol.Spec) { p.States[i].Agency = agency })
				}
			}
			for j, e := range s.Edges {
				for to := range spec().States {
					if protocol.StateID(to) != e.To {
						try(spec, fmt.Sprintf("%s in %s to state %d", e.Msg.Label(), s.Name, to),
							func(p *protocol.Spec) { p.States[i].Edges[j].To = protocol.StateID(to) })
					}
				}
			}
		}
	}
	t.Logf("%d planted errors", planted)
	if planted < 700 {
		t.Error("too few")
	}
}

// A message that one side does not know is found when the other one sends it.
func TestPlantedGap(t *testing.T) {
	for _, spec := range specs {
		for i, s := range spec().States {
			for j, e := range s.Edges {
				models := halves(spec, 2, func(p *protocol.Spec) {
					edges := p.States[i].Edges
					p.States[i].Edges = append(edges[:j:j], edges[j+1:]...)
				})
				receives := models[0]
				if s.Agency == protocol.Initiator {
					receives = models[1]
				}
				if _, err := receives.Check(); err == nil {
					t.Errorf("%s: without %s in %s", spec().Name, e.Msg.Label(), s.Name)
				}
			}
		}
	}
}

// Each kind of fault has its name.
func TestFaults(t *testing.T) {
	type model = conformance.Model
	oneSided := func(side int, change func(*protocol.Spec)) model { return halves(chainsync.Spec, 2, change)[side] }
	both := func(change func(*protocol.Spec)) model {
		spec := chainsync.Spec()
		change(spec)
		return conformance.NewModel(spec, 2)
	}
	deep := conformance.NewModel(chainsync.Spec(), 6)
	deep.Room = 5
	for _, test := range []struct {
		what  string
		model model
		want  error
	}{
		{"depth one too high", deep, conformance.ErrNoRoom},
		{"the initiator never gives up agency", oneSided(0, func(s *protocol.Spec) {
			s.States[chainsync.StIdle].Edges[0].To = chainsync.StIdle
		}), conformance.ErrTwoAgencies},
		{"the initiator takes the found point for the end", oneSided(0, func(s *protocol.Spec) {
			s.States[chainsync.StIntersect].Edges[0].To = chainsync.StDone
		}), conformance.ErrOutOfStep},
		{"the responder leaves StMustReply by itself", oneSided(1, func(s *protocol.Spec) {
			s.States[chainsync.StMustReply].Edges = append(s.States[chainsync.StMustReply].Edges, s.States[chainsync.StIntersect].Edges...)
		}), conformance.ErrNotAccepted},
		{"a request nobody answers", both(func(s *protocol.Spec) { s.States[chainsync.StIntersect].Edges = nil }), conformance.ErrDeadlock},
		{"no way to the end", both(func(s *protocol.Spec) {
			s.States[chainsync.StIdle].Edges = s.States[chainsync.StIdle].Edges[:2]
		}), conformance.ErrEndless},
	} {
		_, err := test.model.Check()
		var fault *conformance.ModelError
		if !errors.Is(err, test.want) || !errors.As(err, &fault) {
			t.Errorf("%s: %v, want %v", test.what, err, test.want)
		}
	}
}

// The shortest way to a fault is told.
func TestTrace(t *testing.T) {
	m := halves(keepalive.Spec, 1, func(s *protocol.Spec) { s.States[keepalive.StServer].Edges[0].To = keepalive.StDone })[0]
	_, err := m.Check()
	const want = `keep-alive at depth 1: nothing is under way and the sides are in different states (StDone, StClient)
   1. the initiator sends MsgKeepAlive
   2. MsgKeepAlive arrives at the responder
   3. the responder sends MsgKeepAliveResponse
   4. MsgKeepAliveResponse arrives at the initiator`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// A request and its one answer can be counted by hand: of n requests under way
// some are on their way, at most one is being answered, and some have answers on
// their way back. Then there is the end, twice.
func TestCountsByHand(t *testing.T) {
	for depth := 1; depth <= 9; depth++ {
		want := 2
		for n := range depth + 1 {
			want += (n + 1) + n
		}
		got, err := conformance.NewModel(keepalive.Spec(), depth).Check()
		if err != nil || got.States != want {
			t.Errorf("depth %d: %v, %v, want %d states", depth, got, err, want)
		}
	}
}

// Paths lead to every transition of the table, legally, and to pipelined
// requests with every number of them.
func TestPaths(t *testing.T) {
	for _, spec := range specs {
		for _, depth := range []int{1, 3} {
			paths, err := conformance.NewModel(spec(), depth).Paths()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			deepest := 0
			for _, p := range paths {
				got = append(got, p.State+" "+p.Message)
				deepest = max(deepest, p.Outstanding)
				if last := p.Steps[len(p.Steps)-1]; last.Label != p.Message {
					t.Errorf("%s: the path to %s ends with %v", spec().Name, p.Message, last)
				}
			}
			for _, s := range spec().States {
				for _, e := range s.Edges {
					if want := s.Name + " " + e.Msg.Label(); !strings.Contains(strings.Join(got, "\n"), want) {
						t.Errorf("%s: no path to %s", spec().Name, want)
					}
				}
			}
			if conformance.Asks(spec()) != protocol.Nobody && deepest != depth {
				t.Errorf("%s: paths go to depth %d, want %d", spec().Name, deepest, depth)
			}
		}
	}
}
