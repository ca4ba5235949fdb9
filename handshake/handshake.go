package handshake

import (
	"context"
	"errors"
	"fmt"

	"github.com/ouronet/ouronet/protocol"
)

// Violations by a peer that accepts. They arrive in a *protocol.ViolationError.
// (handshake, 6)
var (
	ErrNotProposed = errors.New("accepted version was not proposed")
	ErrSelection   = errors.New("accepted version data is not acceptable")
)

// ErrQueryReply means that the peer sent its versions without a query, which ends the
// conversation.
var ErrQueryReply = errors.New("handshake: the peer sent its versions without a query")

// Propose runs the handshake on the connecting side. It returns what was
// agreed, a *[RefusedError], or a *protocol.ViolationError; after an error
// close the connection.
func Propose(ctx context.Context, spec *protocol.Spec, t protocol.Transport, ours Table) (Agreement, error) {
	reply, err := propose(ctx, spec, t, ours)
	if err != nil {
		return Agreement{}, err
	}
	switch m := reply.(type) {
	case AcceptVersion:
		raw, ok := ours.find(m.Entry.Version)
		if !ok {
			return Agreement{}, violation(m, fmt.Errorf("%w: %d", ErrNotProposed, m.Entry.Version))
		}
		agreed, refusal := combine(m.Entry.Version, raw, m.Entry.Raw)
		if refusal != nil {
			return Agreement{}, violation(m, fmt.Errorf("%w: %s", ErrSelection, refusal.Text))
		}
		return agreed, nil
	case ReplyVersions:
		// The peer proposed, too, and does now what we do; nothing more is
		// sent. A query is not acted upon here. (handshake, 7)
		agreed, refusal := Negotiate(ours, m.Table)
		if refusal != nil {
			return Agreement{}, &RefusedError{ByUs: true, Refusal: *refusal}
		}
		return agreed, nil
	case Refuse:
		return Agreement{}, &RefusedError{Refusal: m.Refusal}
	}
	return Agreement{}, ErrQueryReply
}

// Query asks the peer for its versions only. At a simultaneous open they come from the
// peer's own proposal. ours is made from data with Query set. The connection is to be
// closed afterwards.
func Query(ctx context.Context, spec *protocol.Spec, t protocol.Transport, ours Table) (Table, error) {
	reply, err := propose(ctx, spec, t, ours)
	if err != nil {
		return nil, err
	}
	switch m := reply.(type) {
	case QueryReply:
		return m.Table, nil
	case ReplyVersions:
		return m.Table, nil
	case Refuse:
		return nil, &RefusedError{Refusal: m.Refusal}
	}
	return nil, violation(reply, errors.New("not an answer to a query"))
}

// ErrQueried means that the peer asked for our versions and got them. It closes the
// connection; allow it 20 s. (handshake, 6)
var ErrQueried = errors.New("handshake: the peer only asked for our versions")

// Answer runs the handshake on the accepting side. It returns what was agreed,
// [ErrQueried], a *[RefusedError] after it sent the reason, or a
// *protocol.ViolationError; after an error close the connection.
func Answer(ctx context.Context, spec *protocol.Spec, t protocol.Transport, ours Table) (Agreement, error) {
	s := protocol.NewSession[Message](spec, protocol.Responder, t)
	req, err := s.Recv(ctx)
	if err != nil {
		return Agreement{}, err
	}
	agreed, refusal := Negotiate(ours, req.(ProposeVersions).Table)
	switch {
	case refusal != nil:
		if err := s.Send(ctx, Refuse{*refusal}); err != nil {
			return Agreement{}, err
		}
		return Agreement{}, &RefusedError{ByUs: true, Refusal: *refusal}
	case agreed.Data.Query:
		if err := s.Send(ctx, QueryReply{ours}); err != nil {
			return Agreement{}, err
		}
		return Agreement{}, ErrQueried
	}
	accept := AcceptVersion{Entry{agreed.Version, agreed.Data.AppendCBOR(nil, agreed.Version)}}
	return agreed, s.Send(ctx, accept)
}

// propose sends our versions and returns the answer, which at a simultaneous
// open may be there already. (relay-behaviour, 10.2 no. 1)
func propose(ctx context.Context, spec *protocol.Spec, t protocol.Transport, ours Table) (Message, error) {
	s := protocol.NewSession[Message](spec, protocol.Initiator, t)
	if err := s.Send(ctx, ProposeVersions{ours}); err != nil {
		return nil, err
	}
	return s.Recv(ctx)
}

func violation(m Message, err error) error {
	return &protocol.ViolationError{Protocol: "handshake", State: "StConfirm", Message: m.Label(), Err: err}
}
