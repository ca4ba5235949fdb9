package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/internal/testing/genpeer"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// ListenConfig says how to look at the initiators of nodes that connect.
type ListenConfig struct {
	Network ledger.Network
	Blocks  []ledger.Block // of the chain that is offered

	// Patience is how long the node may take to end a connection after a
	// breach; 0 is 10 s.
	Patience time.Duration

	// Wait is how long to converse before a breach, and without one; 0 is
	// 30 s.
	Wait time.Duration

	// Silence is the longest time limit of the node that is tried; 0 is 15 s.
	Silence time.Duration

	// Again is how long to wait for the node to connect again, as it must for
	// each breach; 0 is 5 min.
	Again time.Duration

	Seed uint64

	// Progress, if not nil, gets what the suite does now.
	Progress func(string)
}

// Listen looks at what the initiators of a node do, on connections that it
// makes to l. On the first one we keep to the rules, and so must the node; on
// each of the others we break one of them, once, and the node must end the
// connection. That takes as long as the node waits before it connects again, 66
// times: when ctx ends, the report is about what was seen until then. Listen
// closes l. There is an error, and no report, if there was no connection at all;
// and an error beside the report if l failed later.
func Listen(ctx context.Context, l net.Listener, cfg ListenConfig) (*Report, error) {
	cfg.Patience = cmp.Or(cfg.Patience, 10*time.Second)
	cfg.Wait = cmp.Or(cfg.Wait, 30*time.Second)
	cfg.Silence = cmp.Or(cfg.Silence, 15*time.Second)
	cfg.Again = cmp.Or(cfg.Again, 5*time.Minute)
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	h := &host{cfg: cfg, conns: make(chan net.Conn), failed: make(chan struct{})}
	ctx, cancel := context.WithCancel(ctx)
	var accepting sync.WaitGroup
	accepting.Go(func() { h.accept(ctx, l) })
	defer func() {
		cancel()
		l.Close()
		accepting.Wait()
	}()
	start := time.Now()
	specs := conformance.Protocols()
	cfg.Progress("a connection without breaches")
	legal, err := h.trial(ctx, nil)
	if legal == nil {
		return nil, err
	}
	report := &Report{Address: legal.remote, Version: fmt.Sprintf("version %d", legal.agreed.Version)}
	report.Protocols = legal.results
	for n := range specs {
		// The handshake comes last: nodes wait longer after a connection that
		// never was one.
		spec, r := specs[(n+1)%len(specs)], &report.Protocols[(n+1)%len(specs)]
		cfg.Progress(spec.Name)
		for _, b := range breachesOf(spec, cfg.Silence) {
			r.Probes = append(r.Probes, h.breach(ctx, *r, b))
		}
	}
	report.Took = time.Since(start)
	select {
	case <-h.failed:
		if ctx.Err() == nil {
			return report, h.err
		}
	default:
	}
	return report, nil
}

// host takes the connections of a node.
type host struct {
	cfg    ListenConfig
	conns  chan net.Conn
	failed chan struct{} // closed when no more can be accepted
	err    error         // why
	number uint64
	gone   bool // the node does not connect any more
}

// accept hands on one connection after the other. Those that come while one is
// looked at wait.
func (h *host) accept(ctx context.Context, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			h.err = fmt.Errorf("conform: accept: %w", err)
			close(h.failed)
			return
		}
		select {
		case h.conns <- conn:
		case <-ctx.Done():
			conn.Close()
			return
		}
	}
}

// errNoNode means that the node did not connect.
var errNoNode = errors.New("conform: no node connected")

// next returns the next connection, and whether that had to wait for us.
func (h *host) next(ctx context.Context) (conn net.Conn, waited bool, err error) {
	select {
	case conn := <-h.conns:
		return conn, true, nil
	default:
	}
	again := time.NewTimer(h.cfg.Again)
	defer again.Stop()
	select {
	case conn := <-h.conns:
		return conn, false, nil
	case <-h.failed:
		return nil, false, h.err
	case <-again.C:
		h.gone = true
		return nil, false, fmt.Errorf("%w for %v", errNoNode, h.cfg.Again)
	case <-ctx.Done():
		return nil, false, context.Cause(ctx)
	}
}

// wrong is a breach of ours.
type wrong struct {
	spec  *protocol.Spec
	state protocol.StateID
	fault genpeer.Fault
	label string
}

// breachesOf lists ways to break a mini-protocol as the side that answers.
// Silence longer than a limit is not among them.
func breachesOf(spec *protocol.Spec, silence time.Duration) (list []wrong) {
	for i, state := range spec.States {
		if state.Agency != protocol.Responder {
			continue
		}
		id := protocol.StateID(i)
		if labels := genpeer.Foreign(spec, id, protocol.Responder); len(labels) > 0 {
			list = append(list, wrong{spec, id, genpeer.WrongMessage, labels[0]})
		}
		if labels := genpeer.Foreign(spec, id, protocol.Initiator); len(labels) > 0 {
			list = append(list, wrong{spec, id, genpeer.WrongAgency, labels[0]})
		}
		for _, fault := range []genpeer.Fault{genpeer.TooLarge, genpeer.NoCBOR, genpeer.NoMessage, genpeer.WrongShape, genpeer.UnknownTag} {
			list = append(list, wrong{spec, id, fault, ""})
		}
		if state.Timeout.Max > 0 && state.Timeout.Max <= silence {
			list = append(list, wrong{spec, id, genpeer.TooLate, ""})
		}
	}
	return list
}

// breach breaks a mini-protocol on a connection of its own.
func (h *host) breach(ctx context.Context, r Result, b wrong) Probe {
	probe := Probe{State: b.spec.States[b.state].Name, Breach: cmp.Or(b.label, b.fault.String())}
	seen := false
	for _, t := range r.Transitions {
		seen = seen || t.Sender == protocol.Initiator && t.Count > 0
	}
	switch {
	case ctx.Err() != nil:
		probe.Outcome, probe.Note = Skipped, "no time was left"
		return probe
	case h.gone:
		probe.Outcome, probe.Note = Skipped, "the node does not connect any more"
		return probe
	case !seen:
		probe.Outcome, probe.Note = Unreached, r.Note
		return probe
	}
	trial, err := h.trial(ctx, &b)
	switch {
	case err != nil:
		probe.Outcome, probe.Note = Skipped, err.Error()
	case trial.broken == nil:
		probe.Outcome = Unreached
	case trial.ended.IsZero():
		probe.Outcome, probe.After, probe.Note = Departure, time.Since(trial.broken.At), "the connection is still up"
	default:
		probe.After = trial.ended.Sub(trial.broken.At)
		probe.Outcome = Refused
		if limit := b.spec.States[b.state].Timeout; b.fault == genpeer.TooLate && probe.After < limit.Min-late/2 {
			probe.Outcome, probe.Note = Departure, "too early, "+conformance.Wait(limit)
		}
	}
	return probe
}
