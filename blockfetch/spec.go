package blockfetch

import (
	"time"

	"github.com/ouronet/ouronet/protocol"
)

// The states of block-fetch.
const (
	StIdle protocol.StateID = iota
	StBusy
	StStreaming
	StDone
)

const (
	smallLimit = 65535 // bytes (miniprotocols, 2)

	// MaxBlock is the most that the message with a block may take, in bytes.
	// (miniprotocols, 2)
	MaxBlock = 2500000

	// MaxRequests is how many ranges an initiator keeps outstanding at most.
	// (miniprotocols, 2)
	MaxRequests = 100

	// MaxRange is the most blocks to ask for in one range: there are
	// responders that refuse more. (relay-behaviour, 7.3)
	MaxRange = 1000

	// RequestIngress is enough ingress for a responder, in bytes: it receives
	// no blocks, only requests of less than 100 bytes, and an initiator keeps
	// no more than [MaxRequests] of them outstanding. This is more than one and
	// a half times that. With the whole [protocol.Spec].Ingress, a peer that
	// asks and never reads could make us hold 23 MB.
	RequestIngress = 16 << 10

	// requestMost is what a request may take at most, in bytes, with numbers
	// and lengths that are longer than they have to be, which the Haskell node
	// takes: nine bytes for each of ten, and two hashes.
	requestMost = 160

	// Ten of the largest blocks, which is more than a hundred of mainnet's
	// largest, and a tenth. (mux, 4)
	ingress = 10 * 2097154 * 11 / 10
)

// Spec returns the table of block-fetch.
func Spec() *protocol.Spec {
	return &protocol.Spec{
		Name:    "block-fetch",
		ID:      3,
		Ingress: ingress,
		States: []protocol.State{
			StIdle: {Name: "StIdle", Agency: protocol.Initiator,
				Limit: smallLimit,
				Edges: []protocol.Edge{
					{Msg: RequestRange{}, To: StBusy},
					{Msg: ClientDone{}, To: StDone},
				}},
			StBusy: {Name: "StBusy", Agency: protocol.Responder,
				Limit: smallLimit, Timeout: protocol.After(60 * time.Second),
				Edges: []protocol.Edge{
					{Msg: StartBatch{}, To: StStreaming},
					{Msg: NoBlocks{}, To: StIdle},
				}},
			StStreaming: {Name: "StStreaming", Agency: protocol.Responder,
				Limit: MaxBlock, Timeout: protocol.After(60 * time.Second),
				Edges: []protocol.Edge{
					{Msg: Block{}, To: StStreaming},
					{Msg: BatchDone{}, To: StIdle},
				}},
			StDone: {Name: "StDone"},
		},
	}
}
