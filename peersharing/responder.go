package peersharing

import (
	"context"
	"net/netip"

	"github.com/ouronet/ouronet/protocol"
)

// Source gives addresses of peers.
type Source interface {
	// Peers returns up to amount addresses, 0 to 255; none is fine. An
	// answer that stays the same for a while tells askers less about who is
	// connected; cardano-node also never gives more than 10.
	// (relay-behaviour, 3.5) An error ends the session.
	Peers(ctx context.Context, amount int) ([]netip.AddrPort, error)
}

// Respond answers requests from source until the initiator is done, which
// returns nil. Errors of source are returned as they are.
//
// Addresses that are of no use to anybody else are left out: invalid,
// unspecified and multicast ones, those with a zone or without a port. So is
// what exceeds the amount asked for or the size of a message.
func Respond(ctx context.Context, spec *protocol.Spec, t protocol.Transport, source Source) error {
	s := protocol.NewSession[Message](spec, protocol.Responder, t)
	fit := (spec.States[StBusy].Limit - sharePeersFrame) / maxAddress
	return protocol.Serve(ctx, s, func(ctx context.Context, req Message, reply func(Message) error) error {
		amount := int(req.(ShareRequest).Amount)
		peers, err := source.Peers(ctx, amount)
		if err != nil {
			return err
		}
		return reply(SharePeers{choose(peers, min(amount, fit))})
	})
}

// choose returns the first most shareable ones of peers, which stays the
// source's.
func choose(peers []netip.AddrPort, most int) []netip.AddrPort {
	var chosen []netip.AddrPort
	for _, p := range peers {
		if len(chosen) < most && shareable(p) {
			chosen = append(chosen, p)
		}
	}
	return chosen
}
