package conformance

import (
	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// Protocols returns fresh tables of all mini-protocols of this module, by
// their number.
func Protocols() []*protocol.Spec {
	return []*protocol.Spec{
		handshake.Spec(),
		chainsync.Spec(),
		blockfetch.Spec(),
		txsubmission.Spec(),
		keepalive.Spec(),
		peersharing.Spec(),
	}
}

// Asks returns the side whose requests may be sent ahead of their answers, or
// [protocol.Nobody] if there are none. In tx-submission it is the responder.
func Asks(spec *protocol.Spec) protocol.Role {
	for i := range spec.States {
		for _, e := range spec.States[i].Edges {
			if spec.Pipelines(protocol.StateID(i), e.To) {
				return spec.States[i].Agency
			}
		}
	}
	return protocol.Nobody
}
