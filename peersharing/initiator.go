package peersharing

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/ouronet/ouronet/protocol"
)

// ErrTooMany is the violation of a peer that gave more addresses than were
// asked for.
var ErrTooMany = errors.New("more addresses than asked for")

// Initiator asks a peer for addresses. One method runs at a time; another call
// meanwhile returns [protocol.ErrInUse] and does nothing.
type Initiator struct {
	s *protocol.Session[Message]
}

// NewInitiator starts a conversation. spec may be shared.
func NewInitiator(spec *protocol.Spec, t protocol.Transport) *Initiator {
	return &Initiator{s: protocol.NewSession[Message](spec, protocol.Initiator, t)}
}

// Request asks for at most amount addresses. The peer may give fewer, or none;
// cardano-node never gives more than 10. They are as the peer sent them, except that an
// IPv4 address in IPv6 form is unmapped: they may repeat, and may be impossible to
// dial.
//
// If ctx ends first, Request may be called again: the late answer is then received and
// dropped first. Any other error ends the session: close the connection.
func (i *Initiator) Request(ctx context.Context, amount uint8) ([]netip.AddrPort, error) {
	if err := i.s.Begin(); err != nil {
		return nil, err
	}
	defer i.s.End()
	reply, err := i.s.Ask(ctx, ShareRequest{amount})
	if err != nil {
		return nil, err
	}
	peers := reply.(SharePeers).Peers
	if len(peers) > int(amount) {
		return nil, i.s.Violation(reply, fmt.Errorf("%w: at least %d for %d", ErrTooMany, len(peers), amount))
	}
	return peers, nil
}

// Ended reports whether the conversation is over. It may be called from any
// goroutine.
func (i *Initiator) Ended() bool { return i.s.Ended() }

// Done ends the conversation in order. The answer to a cancelled request is waited for
// first.
func (i *Initiator) Done(ctx context.Context) error {
	if err := i.s.Begin(); err != nil {
		return err
	}
	defer i.s.End()
	if err := i.s.Drain(ctx); err != nil {
		return err
	}
	return i.s.Send(ctx, Done{})
}
