package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/genpeer"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// Config says which node to look at, and how long.
type Config struct {
	Address string
	Network ledger.Network

	// Txs are offered to the node. Without them it is never offered any, and
	// fewer states of tx-submission are reached.
	Txs []ledger.Tx

	// Patience is how long the node may take to end a connection after a
	// breach; 0 is 10 s.
	Patience time.Duration

	// Wait is how long to wait for the node's next block; 0 is 5 s.
	Wait time.Duration

	// Silence is the longest time limit of the node that is tried; 0 is 15 s.
	Silence time.Duration

	Seed uint64

	// Progress, if not nil, is told what is being done.
	Progress func(string)

	// Dial opens connections; nil is TCP to Address.
	Dial func(ctx context.Context) (net.Conn, error)
}

func (c *Config) dial(ctx context.Context) (net.Conn, error) {
	if c.Dial != nil {
		return c.Dial(ctx)
	}
	d := net.Dialer{Timeout: 10 * time.Second}
	return d.DialContext(ctx, "tcp", c.Address)
}

// suite is one run.
type suite struct {
	cfg    Config
	rand   *rand.Rand
	points []ledger.Block // consecutive blocks of the node's chain, headers only
	agreed handshake.Agreement
}

// Run looks at a node. It returns an error only if there is no talking to the
// node at all; what the node does wrong is in the report.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	cfg.Patience = cmp.Or(cfg.Patience, 10*time.Second)
	cfg.Wait = cmp.Or(cfg.Wait, 5*time.Second)
	cfg.Silence = cmp.Or(cfg.Silence, 15*time.Second)
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	s := &suite{cfg: cfg, rand: newRand(cfg.Seed, 1)}
	start := time.Now()
	specs := conformance.Protocols()
	l, err := s.open(ctx, specs[1])
	if err != nil {
		return nil, err
	}
	s.agreed = l.agreed
	l.close()
	report := &Report{Address: cfg.Address, Version: fmt.Sprintf("version %d", s.agreed.Version)}
	silent := s.silences(ctx, specs)
	for i, spec := range specs {
		cfg.Progress(spec.Name)
		result, err := s.protocol(ctx, spec)
		if err != nil {
			return nil, err
		}
		result.Probes = append(result.Probes, silent(i)...)
		report.Protocols = append(report.Protocols, result)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	cfg.Progress("multiplexer")
	report.Protocols = append(report.Protocols, Result{Name: "multiplexer", Probes: s.segments(ctx)})
	report.Took = time.Since(start)
	return report, nil
}

// protocol looks at one mini-protocol.
func (s *suite) protocol(ctx context.Context, spec *protocol.Spec) (Result, error) {
	r := Result{Name: fmt.Sprintf("%s (%d)", spec.Name, spec.ID)}
	if spec.ID == 10 && !s.agreed.Data.PeerSharing {
		r.Note = "not negotiated by the node"
		return r, nil
	}
	p, err := newPlan(spec)
	if err != nil {
		return r, err
	}
	if len(s.cfg.Txs) == 0 {
		p.avoid[arc{txsubmission.StTxIdsBlocking, "MsgReplyTxIds"}] = spec.ID == 4
	}
	if spec.ID == 0 {
		r.Faults = s.shake(ctx, p)
	} else {
		r.Faults = s.tour(ctx, p)
	}
	for i, state := range spec.States {
		for _, e := range state.Edges {
			t := Transition{State: state.Name, Message: e.Msg.Label(), Sender: state.Agency}
			t.Count = p.taken[arc{protocol.StateID(i), t.Message}]
			t.Note = why[spec.Name+" "+state.Name+" "+t.Message]
			r.Transitions = append(r.Transitions, t)
		}
	}
	for i, state := range spec.States {
		if state.Agency != protocol.Initiator {
			continue
		}
		for _, fault := range genpeer.Faults {
			if fault != genpeer.TooLate && fault != genpeer.Surplus {
				r.Probes = append(r.Probes, s.breach(ctx, p, protocol.StateID(i), fault)...)
			}
		}
	}
	return r, nil
}

// why some transitions cannot be brought about.
var why = map[string]string{
	"handshake StConfirm MsgReplyVersions":   "only at a simultaneous open",
	"chain-sync StMustReply MsgRollForward":  "no block came in time",
	"chain-sync StMustReply MsgRollBackward": "the node did not switch to a fork",
}

// peer returns our side of a conversation.
func (s *suite) peer(spec *protocol.Spec) (*genpeer.Peer, error) {
	world := &genpeer.World{Rand: s.rand, Magic: s.cfg.Network.Magic, Network: s.cfg.Network, Blocks: s.points, Txs: s.cfg.Txs, Honest: true}
	author, err := genpeer.NewAuthor(world, spec, protocol.Initiator)
	return &genpeer.Peer{Spec: spec, Role: protocol.Initiator, Author: author, Rand: s.rand}, err
}

// shake runs a handshake for each answer there may be.
func (s *suite) shake(ctx context.Context, p *plan) (faults []string) {
	for _, e := range p.spec.States[handshake.StConfirm].Edges {
		hope := e.Msg.Label()
		l, err := s.open(ctx, p.spec)
		if err != nil {
			return append(faults, err.Error())
		}
		peer, err := s.peer(p.spec)
		if err == nil {
			peer.Choose = func(_ protocol.StateID, labels []string) (string, string) { return labels[0], hope }
			peer.Watch = func(_ bool, state protocol.StateID, m protocol.Message) { p.took(state, m.Label()) }
			err = peer.Run(ctx, l.channel)
		}
		if err != nil {
			faults = append(faults, fmt.Sprintf("asking for %s: %v", hope, err))
		}
		l.close()
	}
	return faults
}

// tour takes as many transitions as it can on one connection, then some more
// with requests ahead of their answers.
func (s *suite) tour(ctx context.Context, p *plan) (faults []string) {
	l, err := s.open(ctx, p.spec)
	if err != nil {
		return []string{err.Error()}
	}
	defer l.close()
	peer, err := s.peer(p.spec)
	if err != nil {
		return []string{err.Error()}
	}
	running, cancel := context.WithTimeout(ctx, s.cfg.Wait+s.cfg.Patience)
	defer cancel()
	last, said := "nothing", 0
	peer.Choose = func(state protocol.StateID, labels []string) (string, string) {
		if said++; said > 40*tries {
			clear(p.goals)
		}
		return p.choose(state, labels)
	}
	peer.Watch = func(ours bool, state protocol.StateID, m protocol.Message) {
		p.took(state, m.Label())
		last = m.Label()
		s.learn(m)
	}
	err = peer.Run(running, l.channel)
	switch {
	case err == nil:
		if l.ended(ctx, 200*time.Millisecond) {
			faults = append(faults, fmt.Sprintf("it ended the connection after %s: %v", last, l.mux.Err()))
		}
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil: // it may have nothing to say
	default:
		faults = append(faults, fmt.Sprintf("after %s: %v", last, err))
	}
	return append(faults, s.ahead(ctx, p)...)
}

// learn keeps headers of the node's chain, so that blocks can be asked for.
func (s *suite) learn(m protocol.Message) {
	block, ok := headerOf(s.cfg.Network, m)
	if !ok || len(s.points) >= 20 {
		return
	}
	if n := len(s.points); n > 0 && !block.Header.PrevIs(s.points[n-1].Header.Point()) {
		s.points = nil
	}
	s.points = append(s.points, block)
}

// depth is how many requests are sent ahead.
const depth = 6

// ahead converses with requests ahead of their answers.
func (s *suite) ahead(ctx context.Context, p *plan) []string {
	if conformance.Asks(p.spec) != protocol.Initiator {
		return nil
	}
	l, err := s.open(ctx, p.spec)
	if err != nil {
		return []string{err.Error()}
	}
	defer l.close()
	peer, err := s.peer(p.spec)
	if err != nil {
		return []string{err.Error()}
	}
	peer.Ahead, peer.Steps = depth, 60
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Wait)
	defer cancel()
	peer.Watch = func(_ bool, state protocol.StateID, m protocol.Message) { p.taken[arc{state, m.Label()}]++ }
	if err := peer.Run(ctx, l.channel); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return []string{fmt.Sprintf("with up to %d requests ahead: %v", depth, err)}
	}
	return nil
}
