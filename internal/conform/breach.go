package conform

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/ouronet/ouronet/internal/testing/genpeer"
	"github.com/ouronet/ouronet/protocol"
)

// breaches breaks the protocol in a state in every way the table leaves room
// for.
func (s *suite) breaches(ctx context.Context, p *plan, state protocol.StateID) (probes []Probe) {
	type way struct {
		fault genpeer.Fault
		label string
	}
	var ways []way
	for _, label := range genpeer.Foreign(p.spec, state, protocol.Initiator) {
		ways = append(ways, way{genpeer.WrongMessage, label})
	}
	for _, label := range genpeer.Foreign(p.spec, state, protocol.Responder) {
		ways = append(ways, way{genpeer.WrongAgency, label})
	}
	// Silence has its own connections. A surplus message from a side that asks
	// is a request ahead of an answer.
	for _, fault := range []genpeer.Fault{genpeer.TooLarge, genpeer.NoCBOR, genpeer.NoMessage, genpeer.WrongShape, genpeer.UnknownTag} {
		ways = append(ways, way{fault, ""})
	}
	for _, w := range ways {
		probe := s.breach(ctx, p, state, w.fault, w.label)
		if probe.Outcome == Unreached { // then so it is for the others
			probe.Breach = "all"
			return append(probes, probe)
		}
		probes = append(probes, probe)
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
