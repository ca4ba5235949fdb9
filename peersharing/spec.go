package peersharing

import (
	"time"

	"github.com/ouronet/ouronet/protocol"
)

// The states of peer-sharing.
const (
	StIdle protocol.StateID = iota
	StBusy
	StDone
)

// limit is the largest message in every state, and the bytes that may wait to
// be read. (miniprotocols, 5; mux, 4)
const limit = 5760

// requestMost is what a request may take at most, in bytes, with numbers and
// lengths that are longer than they have to be, which the Haskell node takes.
const requestMost = 32

// Spec returns the table of peer-sharing, which the caller may change.
func Spec() *protocol.Spec {
	return &protocol.Spec{
		Name:    "peer-sharing",
		ID:      10,
		Ingress: limit,
		States: []protocol.State{
			StIdle: {Name: "StIdle", Agency: protocol.Initiator,
				Limit: limit,
				Edges: []protocol.Edge{
					{Msg: ShareRequest{}, To: StBusy},
					{Msg: Done{}, To: StDone},
				}},
			StBusy: {Name: "StBusy", Agency: protocol.Responder,
				Limit: limit, Timeout: protocol.After(60 * time.Second),
				Edges: []protocol.Edge{
					{Msg: SharePeers{}, To: StIdle},
				}},
			StDone: {Name: "StDone"},
		},
	}
}
