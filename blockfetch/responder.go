package blockfetch

import (
	"context"
	"fmt"
	"iter"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// Source is where a responder finds blocks. Several responders may use one at
// the same time.
type Source interface {
	// Range returns the blocks from one point to another, both included, oldest first,
	// or nil if one of them is missing: a range is served whole or not at all. The
	// points are on one chain, which may be a fork that was abandoned a short time ago.
	// (relay-behaviour, 7.2)
	//
	// An error, of Range or of the sequence, ends the connection. Blocks are handed to
	// the bearer without being copied and must never change.
	Range(ctx context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error)
}

// roomy is a Transport that tells when there is room for one block more, before it
// is there. A *mux.Channel is one.
type roomy interface {
	Room(ctx context.Context) error
}

// Respond answers requests from source until the peer is done; nil is its orderly end.
// Sending waits for a slow peer, so few blocks of the source are in memory at a time:
// over a *mux.Channel one block, and 24 KiB of smaller ones before it.
func Respond(ctx context.Context, spec *protocol.Spec, t protocol.Transport, source Source) error {
	s := protocol.NewSession[Message](spec, protocol.Responder, t)
	s.Most = func() int { return requestMost }
	room := func(context.Context) error { return nil }
	if t, ok := t.(roomy); ok {
		room = t.Room
	}
	return protocol.Serve(ctx, s, func(ctx context.Context, req Message, reply func(Message) error) error {
		m, ok := req.(RequestRange)
		if !ok {
			return fmt.Errorf("blockfetch: unexpected request %s", req.Label())
		}
		// The Haskell node closes the connection for these, too.
		// (relay-behaviour, 7.2)
		if m.From.IsOrigin() || m.To.IsOrigin() || m.From.Slot > m.To.Slot {
			return s.Violation(m, fmt.Errorf("%w: %v to %v", ErrInvalidRange, m.From, m.To))
		}
		blocks, err := source.Range(ctx, m.From, m.To)
		if err != nil {
			return err
		}
		if blocks == nil {
			return reply(NoBlocks{})
		}
		if err := reply(StartBatch{}); err != nil {
			return err
		}
		if err := room(ctx); err != nil {
			return err
		}
		for raw, err := range blocks {
			if err != nil {
				return err
			}
			if err := reply(Block{raw}); err != nil {
				return err
			}
			if err := room(ctx); err != nil {
				return err
			}
		}
		return reply(BatchDone{})
	})
}
