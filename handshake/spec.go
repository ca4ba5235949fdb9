package handshake

import (
	"time"

	"github.com/ouronet/ouronet/protocol"
)

// The states of the handshake.
const (
	StPropose protocol.StateID = iota
	StConfirm
	StDone
)

// limit is the largest message, in bytes: four segments of Ethernet's usual
// size. (handshake, 8)
const limit = 4 * 1440

// Spec returns the table of the handshake. MsgReplyVersions is a proposal that reaches
// a side that made one itself, which happens at a TCP simultaneous open. (handshake, 7)
func Spec() *protocol.Spec {
	return &protocol.Spec{
		Name:    "handshake",
		ID:      0,
		Ingress: limit,
		States: []protocol.State{
			StPropose: {Name: "StPropose", Agency: protocol.Initiator,
				Limit: limit, Timeout: protocol.After(10 * time.Second),
				Edges: []protocol.Edge{
					{Msg: ProposeVersions{}, To: StConfirm},
				}},
			StConfirm: {Name: "StConfirm", Agency: protocol.Responder,
				Limit: limit, Timeout: protocol.After(10 * time.Second),
				Edges: []protocol.Edge{
					{Msg: ReplyVersions{}, To: StDone},
					{Msg: AcceptVersion{}, To: StDone},
					{Msg: Refuse{}, To: StDone},
					{Msg: QueryReply{}, To: StDone},
				}},
			StDone: {Name: "StDone"},
		},
	}
}
