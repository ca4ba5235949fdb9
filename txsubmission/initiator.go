package txsubmission

import (
	"context"
	"fmt"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// Source is one peer's view of our transactions: a cursor that announces each once. One
// goroutine at a time uses it.
type Source interface {
	// Next returns up to most transactions that it has not returned before,
	// in the order in which they should be taken; most is not 0. If block is
	// set it waits until there is one, and returns none, without an error, to
	// end the conversation. When ctx ends it returns its cause. An error ends the
	// session.
	Next(ctx context.Context, most int, block bool) ([]Announced, error)

	// Get returns the transactions with these ids, in any order, without
	// those that are gone. The ids were announced, and may be asked for more
	// than once. The bytes are copied before the next call. An error ends
	// the session.
	Get(ctx context.Context, ids []ledger.TxID) ([]ledger.RawTx, error)
}

// Provide offers a peer the transactions of source, until source ends the
// conversation, which returns nil. It can end only when the peer asks for more
// transactions after it has acknowledged all; there is no bound on that time.
//
// Errors of source are returned as they are.
func Provide(ctx context.Context, spec *protocol.Spec, t protocol.Transport, source Source) error {
	s := protocol.NewSession[Message](spec, protocol.Initiator, t)
	if err := s.Send(ctx, Init{}); err != nil {
		return err
	}
	p := provider{spec: spec, source: source}
	return protocol.Serve(ctx, s, func(ctx context.Context, req Message, reply func(Message) error) error {
		if m, ok := req.(RequestTxIDs); ok {
			return p.replyTxIDs(ctx, m, reply)
		}
		return p.replyTxs(ctx, req.(RequestTxs), reply)
	})
}

type provider struct {
	spec   *protocol.Spec
	source Source
	w      provided
}

func (p *provider) replyTxIDs(ctx context.Context, m RequestTxIDs, reply func(Message) error) error {
	if err := p.w.requestTxIDs(m); err != nil {
		return violation(p.spec, StIdle, m, err)
	}
	if m.Req == 0 {
		return reply(ReplyTxIDs{})
	}
	ids, err := p.source.Next(ctx, int(m.Req), m.Blocking)
	if err != nil {
		return err
	}
	if len(ids) > int(m.Req) {
		return fmt.Errorf("txsubmission: source returned %d ids, want at most %d", len(ids), m.Req)
	}
	if m.Blocking && len(ids) == 0 {
		return reply(Done{})
	}
	p.w.announce(ids)
	return reply(ReplyTxIDs{ids})
}

func (p *provider) replyTxs(ctx context.Context, m RequestTxs, reply func(Message) error) error {
	ids, err := p.w.requestTxs(m)
	if err != nil {
		return violation(p.spec, StIdle, m, err)
	}
	if len(ids) == 0 {
		return reply(ReplyTxs{})
	}
	txs, err := p.source.Get(ctx, ids)
	if err != nil {
		return err
	}
	return reply(ReplyTxs{fitting(txs, p.spec.States[StTxs].Limit-replyTxsFrame)})
}

// fitting returns those of txs that fit into so many bytes together. The
// others are missing from the reply, as if they were gone.
func fitting(txs []ledger.RawTx, room int) []ledger.RawTx {
	var fit []ledger.RawTx
	for _, tx := range txs {
		if size := int(tx.WireSize()); size <= room {
			room -= size
			fit = append(fit, tx)
		}
	}
	return fit
}

// violation names the state in which the peer sent m, which the conversation has left
// by now.
func violation(spec *protocol.Spec, state protocol.StateID, m Message, err error) error {
	return &protocol.ViolationError{
		Protocol: spec.Name,
		State:    spec.States[state].Name,
		Message:  m.Label(),
		Err:      err,
	}
}
