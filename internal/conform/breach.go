package conform

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/ouronet/ouronet/internal/genpeer"
	"github.com/ouronet/ouronet/protocol"
)

// breaches breaks the protocol in a state in every way the table leaves room
// for.
func (s *suite) breaches(ctx context.Context, p *plan, state protocol.StateID) (probes []Probe) {
	for _, fault := range genpeer.Faults {
		if len(probes) > 0 && probes[0].Outcome == Unreached {
			probes[0].Breach = "all"
			return probes[:1]
		}
		switch fault {
		case genpeer.TooLate: // see silences
		case genpeer.Surplus: // from a side that asks, that is a request ahead
		case genpeer.WrongMessage, genpeer.WrongAgency:
			sender := protocol.Initiator
			if fault == genpeer.WrongAgency {
				sender = protocol.Responder
			}
			for _, label := range genpeer.Foreign(p.spec, state, sender) {
				probes = append(probes, s.breach(ctx, p, state, fault, label))
			}
		default:
			probes = append(probes, s.breach(ctx, p, state, fault, ""))
		}
	}
	return probes
}

// breach leads to a state and breaks the protocol there.
func (s *suite) breach(ctx context.Context, p *plan, state protocol.StateID, fault genpeer.Fault, label string) Probe {
	probe := Probe{State: p.spec.States[state].Name, Breach: cmp.Or(label, fault.String())}
	l, err := s.open(ctx, p.spec)
	if err != nil {
		probe.Outcome, probe.Note = Departure, err.Error()
		return probe
	}
	defer l.close()
	err = s.lead(ctx, p, l, state, fault, label)
	var at *genpeer.Broken
	if !errors.As(err, &at) {
		probe.Outcome = Unreached
		if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, genpeer.ErrSpeechless) {
			probe.Note = err.Error()
		}
		return probe
	}
	if l.ended(ctx, s.cfg.Patience) {
		probe.Outcome, probe.After = Refused, time.Since(at.At)
	} else {
		probe.Outcome, probe.After, probe.Note = Departure, s.cfg.Patience, "the connection is still up"
	}
	return probe
}

// lead converses until the fault can be committed in a state.
func (s *suite) lead(ctx context.Context, p *plan, l *line, state protocol.StateID, fault genpeer.Fault, label string) error {
	peer, err := s.peer(p.spec, true)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Wait)
	defer cancel()
	steer := p.reach(state)
	peer.Fault, peer.Label = fault, label
	// A node starts its side with the first byte, and its clock with it.
	said, spoken := 0, 1
	if fault == genpeer.TooLate && p.search(state, func(_ arc, to protocol.StateID) bool { return to == state }) == nil {
		spoken = 0
	}
	peer.In = func(at protocol.StateID) bool { return at == state && (fault != genpeer.TooLate || said >= spoken) }
	peer.Choose = func(at protocol.StateID, labels []string) (string, string) {
		if said++; said > 20*tries {
			return "", ""
		}
		return steer(at, labels)
	}
	return peer.Run(ctx, l.channel)
}
