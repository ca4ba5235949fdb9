package keepalive

import (
	"time"

	"github.com/ouronet/ouronet/protocol"
)

// The states of keep-alive.
const (
	StClient protocol.StateID = iota
	StServer
	StDone
)

// limit is the largest message in every state, in bytes. (miniprotocols, 4)
const limit = 65535

// pingMost is what a ping may take at most, in bytes, with numbers and lengths
// that are longer than they have to be, which the Haskell node takes.
const pingMost = 32

// Spec returns the table of keep-alive, which the caller may change.
func Spec() *protocol.Spec {
	return &protocol.Spec{
		Name:    "keep-alive",
		ID:      8,
		Ingress: 1408, // 1280 and a tenth (mux, 4)
		States: []protocol.State{
			StClient: {Name: "StClient", Agency: protocol.Initiator,
				Limit: limit, Timeout: protocol.After(97 * time.Second),
				Edges: []protocol.Edge{
					{Msg: KeepAlive{}, To: StServer},
					{Msg: Done{}, To: StDone},
				}},
			StServer: {Name: "StServer", Agency: protocol.Responder,
				Limit: limit, Timeout: protocol.After(60 * time.Second),
				Edges: []protocol.Edge{
					{Msg: KeepAliveResponse{}, To: StClient},
				}},
			StDone: {Name: "StDone"},
		},
	}
}
