package conform

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/genpeer"
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

	// Progress, if not nil, gets what the suite does now.
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
	blocks []ledger.Block // the first ones of the node's chain, headers only
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
	report.Protocols = append(report.Protocols, Result{Name: "multiplexer", Probes: append(s.segments(ctx), s.stalls(ctx)...)})
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
		r.Restarted = p.restarted
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
		r.Probes = append(r.Probes, s.breaches(ctx, p, protocol.StateID(i))...)
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
func (s *suite) peer(spec *protocol.Spec, honest bool) (*genpeer.Peer, error) {
	world := &genpeer.World{Rand: s.rand, Magic: s.cfg.Network.Magic, Network: s.cfg.Network, Blocks: s.blocks, Txs: s.cfg.Txs, Honest: honest}
	author, err := genpeer.NewAuthor(world, spec, protocol.Initiator)
	return &genpeer.Peer{Spec: spec, Role: protocol.Initiator, Author: author, Rand: s.rand}, err
}
