package chainsync

import (
	"time"

	"github.com/ouronet/ouronet/protocol"
)

// The states of chain-sync.
const (
	StIdle protocol.StateID = iota
	StCanAwait
	StMustReply
	StIntersect
	StDone
)

// limit is the largest message in every state, in bytes. (miniprotocols, 1)
const limit = 65535

const (
	// HighMark is how many requests an initiator keeps outstanding at most.
	// (miniprotocols, 1)
	HighMark = 300

	// lowMark is how far it lets them fall before it asks for more. (miniprotocols, 1)
	lowMark = 200

	// RequestIngress is enough ingress for a responder, in bytes: the largest
	// request for an intersection and HighMark others, however encoded.
	RequestIngress = limit + 18*HighMark

	// headerSize is what one answer is assumed to take, in bytes. (mux, 4)
	headerSize = 1400
)

// Spec returns the table of chain-sync. A caller may change its copy: a peer
// that is trusted, for example, needs no timeout in StMustReply.
func Spec() *protocol.Spec {
	return &protocol.Spec{
		Name: "chain-sync",
		ID:   2,
		// HighMark answers and a tenth. (mux, 4)
		Ingress: HighMark * headerSize * 11 / 10,
		States: []protocol.State{
			StIdle: {Name: "StIdle", Agency: protocol.Initiator,
				Limit: limit, Timeout: protocol.After(3373 * time.Second),
				Edges: []protocol.Edge{
					{Msg: RequestNext{}, To: StCanAwait},
					{Msg: FindIntersect{}, To: StIntersect},
					{Msg: Done{}, To: StDone},
				}},
			StCanAwait: {Name: "StCanAwait", Agency: protocol.Responder,
				Limit: limit, Timeout: protocol.After(10 * time.Second),
				Edges: []protocol.Edge{
					{Msg: AwaitReply{}, To: StMustReply},
					{Msg: RollForward{}, To: StIdle},
					{Msg: RollBackward{}, To: StIdle},
				}},
			StMustReply: {Name: "StMustReply", Agency: protocol.Responder,
				Limit: limit, Timeout: protocol.Between(601*time.Second, 911*time.Second),
				Edges: []protocol.Edge{
					{Msg: RollForward{}, To: StIdle},
					{Msg: RollBackward{}, To: StIdle},
				}},
			StIntersect: {Name: "StIntersect", Agency: protocol.Responder,
				Limit: limit, Timeout: protocol.After(10 * time.Second),
				Edges: []protocol.Edge{
					{Msg: IntersectFound{}, To: StIdle},
					{Msg: IntersectNotFound{}, To: StIdle},
				}},
			StDone: {Name: "StDone"},
		},
	}
}
