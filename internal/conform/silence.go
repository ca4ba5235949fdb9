package conform

import (
	"context"
	"errors"
	"time"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/internal/testing/genpeer"
	"github.com/ouronet/ouronet/protocol"
)

// silences waits, on connections of their own and all at once, for the node's
// time limits. The function it returns has the results for a mini-protocol.
func (s *suite) silences(ctx context.Context, specs []*protocol.Spec) func(n int) []Probe {
	results := make([][]chan Probe, len(specs))
	for n, spec := range specs {
		if spec.ID == 10 && !s.agreed.Data.PeerSharing {
			continue
		}
		p, err := newPlan(spec)
		if err != nil {
			continue
		}
		if len(s.cfg.Txs) == 0 {
			p.avoid[arc{state: p.state("StTxIdsBlocking"), label: "MsgReplyTxIds"}] = spec.ID == 4
		}
		for i, state := range spec.States {
			if state.Agency != protocol.Initiator {
				continue
			}
			probe := Probe{State: state.Name, Breach: genpeer.TooLate.String(), Outcome: Skipped}
			c := make(chan Probe, 1)
			results[n] = append(results[n], c)
			limit := state.Timeout
			probe.Note = conformance.Wait(limit)
			if limit.Max == 0 || limit.Max > s.cfg.Silence {
				c <- probe
				continue
			}
			own := &suite{cfg: s.cfg, rand: newRand(s.cfg.Seed, uint64(n*100+i)), agreed: s.agreed}
			go func() { c <- own.silence(ctx, p, protocol.StateID(i), probe) }()
		}
	}
	return func(n int) (probes []Probe) {
		for _, c := range results[n] {
			probes = append(probes, <-c)
		}
		return probes
	}
}

// late is by how much a time limit may be overrun: timers are rough, and the
// network takes its time.
const late = 2 * time.Second

func (s *suite) silence(ctx context.Context, p *plan, state protocol.StateID, probe Probe) Probe {
	l, err := s.open(ctx, p.spec)
	if err != nil {
		probe.Outcome, probe.Note = Departure, err.Error()
		return probe
	}
	defer l.close()
	err = s.lead(ctx, p, l, state, genpeer.TooLate, "")
	var at *genpeer.Broken
	if !errors.As(err, &at) {
		probe.Outcome = Unreached
		return probe
	}
	limit := p.spec.States[state].Timeout
	ended := l.ended(ctx, limit.Max+late)
	probe.After = time.Since(at.At)
	switch {
	case ended && probe.After >= limit.Min-late/2:
		probe.Outcome = Refused
	case ended:
		probe.Outcome, probe.Note = Departure, "too early, "+probe.Note
	default:
		probe.Outcome, probe.Note = Departure, "the connection is still up, "+probe.Note
	}
	return probe
}
