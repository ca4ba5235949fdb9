package conformance

import (
	"fmt"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// Budget is the most that may be on its way to one side of a mini-protocol because that
// side asked for it. A peer that sends no more than it was asked for must never lose
// the connection, so the budget has to fit the ingress limit.
type Budget struct {
	Protocol string
	Role     protocol.Role // the side that receives
	Count    int           // requests or answers, whatever fills the buffer
	Each     int           // bytes that each is assumed to take
	Share    float64       // of the ingress limit that may be used at most
	Ingress  int           // bytes
	Why      string        // where Count and Each come from
}

// Bytes is what the budget adds up to.
func (b Budget) Bytes() int { return b.Count * b.Each }

// Check returns an error if the budget is exceeded.
func (b Budget) Check() error {
	if room := int(b.Share * float64(b.Ingress)); b.Bytes() > room {
		return fmt.Errorf("%s: the %v receives %d × %d bytes, which is more than %d, its part of %d: %s",
			b.Protocol, b.Role, b.Count, b.Each, room, b.Ingress, b.Why)
	}
	return nil
}

// Shares of an ingress limit.
const (
	whole = 1.0
	// margin leaves the tenth that is added to limits as a margin of safety.
	// (mux, 4)
	margin = 10.0 / 11
	// half is for sizes that are only estimated, as those of blocks are.
	half = 1.0 / 2
)

// What messages take, in bytes, as the limits assume. (mux, 4)
const (
	header  = 1400
	txID    = 44
	request = 100 // two points and what is around them, rounded up
	cookie  = 6   // [1, 65535]
)

// Budgets returns, for tables such as those of [Protocols], what the sides of
// this module ask for and are asked for at most.
func Budgets(specs []*protocol.Spec) []Budget {
	var list []Budget
	for _, spec := range specs {
		add := func(role protocol.Role, count, each int, share float64, why string) {
			list = append(list, Budget{spec.Name, role, count, each, share, spec.Ingress, why})
		}
		// A node answers with less room than the table has.
		answering := func(ingress int) {
			last := &list[len(list)-1]
			last.Ingress = min(last.Ingress, ingress)
		}
		reply := spec.Limit(protocol.Initiator)
		switch spec.ID {
		case 2:
			add(protocol.Initiator, chainsync.HighMark, header, margin, "HighMark updates")
			add(protocol.Responder, chainsync.HighMark, 2, whole, "HighMark requests")
			answering(chainsync.RequestIngress - spec.Limit(protocol.Responder)) // behind the largest one
		case 3:
			i := blockfetch.NewInitiator(spec, nil, ledger.Mainnet)
			add(protocol.Initiator, 1, i.Window(), half, "Window, in ranges")
			add(protocol.Initiator, 1, reply, half, "a block that is larger than Window alone")
			add(protocol.Responder, blockfetch.MaxRequests, request, whole, "MaxRequests ranges")
			answering(blockfetch.RequestIngress)
		case 4:
			add(protocol.Responder, 1, txsubmission.MaxUnacknowledged*txID+txsubmission.MaxTxSize, margin, "ids for a full window and Policy.Bytes of transactions")
			answering(txsubmission.ReplyIngress)
			add(protocol.Initiator, 2*txsubmission.MaxUnacknowledged, txID, whole, "requests for a full window, one by one")
		case 8:
			add(protocol.Initiator, 1, cookie, whole, "one answer")
			add(protocol.Responder, 1, cookie, whole, "one ping")
		default: // one message at a time, of any legal size
			add(protocol.Initiator, 1, reply, whole, "one answer")
			add(protocol.Responder, 1, spec.Limit(protocol.Responder), whole, "one request")
		}
	}
	return list
}
