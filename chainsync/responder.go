package chainsync

import (
	"context"
	"errors"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// MaxPoints is how many points of one request are looked up; a request with
// more is answered with IntersectNotFound. (relay-behaviour, 10.2 no. 33)
const MaxPoints = 1000

// Source is one follower's view of a chain: a read pointer that starts at the origin.
// One goroutine at a time uses it.
type Source interface {
	// Intersect moves the read pointer to the first of points, in the order
	// given, that is on the chain, and returns it with the chain's tip. The
	// origin is on the chain unless old blocks were removed. The next update is then a rollback to the
	// point, or to an earlier one if the chain has changed. When none is
	// found it returns [ErrNoIntersect] with the tip, and the pointer stays.
	Intersect(ctx context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error)

	// Next moves the read pointer by one update and returns it, or returns
	// nil if the pointer is at the tip. The first update of a new Source is a
	// rollback to the origin unless Intersect came first.
	Next(ctx context.Context) (Update, error)

	// Wait returns nil when Next may have an update.
	Wait(ctx context.Context) error
}

// Respond answers a follower from source until it is done. A nil error is the
// follower's orderly end. Errors of source end the session and are returned as
// they are.
func Respond(ctx context.Context, spec *protocol.Spec, t protocol.Transport, source Source) error {
	s := protocol.NewSession[Message](spec, protocol.Responder, t)
	return protocol.Serve(ctx, s, func(ctx context.Context, req Message, reply func(Message) error) error {
		if m, ok := req.(FindIntersect); ok {
			return intersect(ctx, source, m.Points, reply)
		}
		u, err := source.Next(ctx)
		if err == nil && u == nil {
			err = reply(AwaitReply{})
		}
		for u == nil && err == nil {
			if err = source.Wait(ctx); err == nil {
				u, err = source.Next(ctx)
			}
		}
		if err != nil {
			return err
		}
		return reply(u)
	})
}

func intersect(ctx context.Context, source Source, points []ledger.Point, reply func(Message) error) error {
	if len(points) > MaxPoints {
		points = nil
	}
	p, tip, err := source.Intersect(ctx, points)
	if errors.Is(err, ErrNoIntersect) {
		return reply(IntersectNotFound{tip})
	}
	if err != nil {
		return err
	}
	return reply(IntersectFound{p, tip})
}
