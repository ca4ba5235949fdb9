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
// Addresses for which routable is false, nil standing for [Routable], and those without
// a port are left out: the asker could not dial them, and they reveal the network
// around the source. Addresses beyond the amount asked for, or beyond the size of a
// message, are left out, too.
func Respond(ctx context.Context, spec *protocol.Spec, t protocol.Transport, source Source, routable func(netip.Addr) bool) error {
	if routable == nil {
		routable = Routable
	}
	s := protocol.NewSession[Message](spec, protocol.Responder, t)
	s.Most = func() int { return requestMost }
	fit := (spec.States[StBusy].Limit - sharePeersFrame) / maxAddress
	return protocol.Serve(ctx, s, func(ctx context.Context, req Message, reply func(Message) error) error {
		amount := int(req.(ShareRequest).Amount)
		peers, err := source.Peers(ctx, amount)
		if err != nil {
			return err
		}
		return reply(SharePeers{choose(peers, min(amount, fit), routable)})
	})
}

// choose returns the first most routable ones of peers, which stays the
// source's.
func choose(peers []netip.AddrPort, most int, routable func(netip.Addr) bool) []netip.AddrPort {
	var chosen []netip.AddrPort
	for _, p := range peers {
		if len(chosen) < most && p.IsValid() && p.Port() != 0 && routable(p.Addr().Unmap()) {
			chosen = append(chosen, p)
		}
	}
	return chosen
}
