package protocol_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/protocol"
)

func TestPipelines(t *testing.T) {
	spec := quiz()
	if spec.Pipelines(stDone, stDone) || spec.Pipelines(stIdle, stIdle) || spec.Pipelines(stIdle, stThere) {
		t.Error("a request that the other side does not answer")
	}
	for home := range protocol.StateID(len(spec.States)) {
		for _, e := range spec.States[home].Edges {
			want := home == stIdle && (e.To == stBusy || e.To == stShort)
			if got := spec.Pipelines(home, e.To); got != want && spec.States[home].Agency == protocol.Initiator {
				t.Errorf("Pipelines(%s, %s) is %v", spec.States[home].Name, spec.States[e.To].Name, got)
			}
		}
	}
}

// A Machine with many requests of two kinds outstanding agrees with a plain
// list of the states that they are in.
func TestPipelining(t *testing.T) {
	spec := quiz()
	rng := rand.New(rand.NewPCG(1, 2))
	m := protocol.NewMachine(spec, protocol.Initiator)
	var owed []protocol.StateID
	entered := map[kind]protocol.StateID{ask: stBusy, brief: stShort}
	deepest := 0
	for range 200_000 {
		if most := 1 + rng.IntN(100); len(owed) < most && rng.IntN(3) > 0 {
			k := kind(rng.IntN(2))
			if err := m.Pipeline(labels[k]); err != nil {
				t.Fatal(err)
			}
			owed = append(owed, entered[k])
			deepest = max(deepest, len(owed))
		} else if len(owed) > 0 {
			e := spec.States[owed[0]].Edges[rng.IntN(len(spec.States[owed[0]].Edges))]
			if !m.Recv(e.Msg.Label()) {
				t.Fatalf("%s refused in %s", e.Msg.Label(), spec.States[owed[0]].Name)
			}
			if owed[0] = e.To; e.To == stIdle {
				owed = owed[1:]
			}
		}
		state := stIdle
		if len(owed) > 0 {
			state = owed[0]
		}
		if m.State() != state || m.Outstanding() != len(owed) || m.Ours() != (len(owed) == 0) {
			t.Fatalf("in %s with %d outstanding, want %s with %d",
				spec.States[m.State()].Name, m.Outstanding(), spec.States[state].Name, len(owed))
		}
		if len(owed) > 0 && m.Recv("Arrived") {
			t.Fatal("accepted a reply that no request has")
		}
	}
	if deepest < 50 {
		t.Errorf("only %d requests were outstanding at once", deepest)
	}
}

func TestNotPipelined(t *testing.T) {
	newMachine := func(labels ...string) *protocol.Machine {
		m := protocol.NewMachine(quiz(), protocol.Initiator)
		for _, l := range labels {
			if err := m.Pipeline(l); err != nil {
				t.Fatal(err)
			}
		}
		return &m
	}
	refused := func(m *protocol.Machine, label string) {
		t.Helper()
		before := *m
		if err := m.Pipeline(label); !errors.Is(err, protocol.ErrAgency) {
			t.Errorf("Pipeline(%s): %v", label, err)
		}
		if m.State() != before.State() || m.Outstanding() != before.Outstanding() {
			t.Errorf("refusing %s changed the machine", label)
		}
	}
	refused(newMachine("Ask"), "Leave") // leads elsewhere
	refused(newMachine("Ask"), "Stop")  // has no reply
	refused(newMachine("Ask"), "Part")  // not ours
	refused(newMachine("Leave"), "Ask") // the one before leads elsewhere
	refused(newMachine("Ask"), "Back")  // not from home
	refused(newMachine("Stop"), "Ask")  // over
	if m := newMachine("Ask"); m.Send("Ask") == nil {
		t.Error("Send with a request outstanding")
	}

	// From elsewhere there is another home.
	m := newMachine("Leave")
	if m.Outstanding() != 1 || !m.Recv("Arrived") || m.Outstanding() != 0 || m.State() != stThere {
		t.Errorf("after Arrived in state %d with %d outstanding", m.State(), m.Outstanding())
	}
	if err := m.Pipeline("Back"); err != nil || m.Outstanding() != 0 || m.State() != stIdle {
		t.Errorf("Back: %v, %d outstanding", err, m.Outstanding())
	}
	if m.Pipeline("Ask") != nil || m.Pipeline("Brief") != nil || m.Outstanding() != 2 {
		t.Error("no pipelining after coming home")
	}
}

// exchange sends a RequestNext and takes the answer, with 300 outstanding.
func exchange() func() {
	m := protocol.NewMachine(chainsync.Spec(), protocol.Initiator)
	for range chainsync.HighMark - 1 {
		if m.Pipeline("MsgRequestNext") != nil {
			panic("refused")
		}
	}
	return func() {
		if m.Pipeline("MsgRequestNext") != nil || !m.Recv("MsgRollForward") {
			panic("refused")
		}
	}
}

func TestMachineAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	next := exchange()
	next() // the last growth of the ring
	if n := testing.AllocsPerRun(1000, next); n != 0 {
		t.Errorf("%v allocations for each pair of messages", n)
	}
}

func BenchmarkMachine(b *testing.B) {
	next := exchange()
	b.ReportAllocs()
	for b.Loop() {
		next()
	}
}
