package txsubmission

import (
	"time"

	"github.com/ouronet/ouronet/protocol"
)

// The states of tx-submission.
const (
	StInit protocol.StateID = iota
	StIdle
	StTxIdsBlocking
	StTxIdsNonBlocking
	StTxs
	StDone
)

// The largest messages of requests and of replies, in bytes. (miniprotocols, 3)
const (
	requestLimit = 65535
	replyLimit   = 2500000
)

const (
	// MaxUnacknowledged is how many ids may be announced, or requested and
	// not yet announced, without being acknowledged. (miniprotocols, 3)
	MaxUnacknowledged = 10

	// MaxTxSize is the largest size, in bytes, of a transaction that
	// [Responder.Run] asks for: the ingress limit is made for that.
	// (miniprotocols, 3)
	MaxTxSize = 65540

	// idSize is what an id is assumed to take besides. (mux, 4)
	idSize = 44

	// ReplyIngress is enough ingress for [Responder.Run], in bytes, with the
	// bytes in flight that [Policy] has by default: that, ids, and a tenth.
	ReplyIngress = (MaxTxSize + MaxUnacknowledged*idSize) * 11 / 10
)

// What messages may take at most, in bytes, with numbers and lengths that are
// longer than they have to be, which the Haskell node takes: nine bytes each.
const (
	initMost  = 32
	frameMost = 64  // what is around the ids or transactions of a reply
	idMost    = 128 // an id of 32 bytes, an era, a size, two arrays
	txMost    = 64  // what is around the bytes of a transaction
)

// Spec returns the table of tx-submission, which the caller may change.
func Spec() *protocol.Spec {
	return &protocol.Spec{
		Name: "tx-submission2",
		ID:   4,
		// A full window and a tenth. (mux, 4)
		Ingress: MaxUnacknowledged * (idSize + MaxTxSize) * 11 / 10,
		States: []protocol.State{
			StInit: {Name: "StInit", Agency: protocol.Initiator,
				Limit: requestLimit,
				Edges: []protocol.Edge{
					{Msg: Init{}, To: StIdle},
				}},
			StIdle: {Name: "StIdle", Agency: protocol.Responder,
				Limit: requestLimit,
				Edges: []protocol.Edge{
					{Msg: RequestTxIDs{Blocking: true}, To: StTxIdsBlocking},
					{Msg: RequestTxIDs{Blocking: false}, To: StTxIdsNonBlocking},
					{Msg: RequestTxs{}, To: StTxs},
				}},
			StTxIdsBlocking: {Name: "StTxIdsBlocking", Agency: protocol.Initiator,
				Limit: replyLimit,
				Edges: []protocol.Edge{
					{Msg: ReplyTxIDs{}, To: StIdle},
					{Msg: Done{}, To: StDone},
				}},
			StTxIdsNonBlocking: {Name: "StTxIdsNonBlocking", Agency: protocol.Initiator,
				Limit: replyLimit, Timeout: protocol.After(10 * time.Second),
				Edges: []protocol.Edge{
					{Msg: ReplyTxIDs{}, To: StIdle},
				}},
			StTxs: {Name: "StTxs", Agency: protocol.Initiator,
				Limit: replyLimit, Timeout: protocol.After(10 * time.Second),
				Edges: []protocol.Edge{
					{Msg: ReplyTxs{}, To: StIdle},
				}},
			StDone: {Name: "StDone"},
		},
	}
}
