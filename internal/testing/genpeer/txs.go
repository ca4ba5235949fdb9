package genpeer

import (
	"fmt"
	"slices"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// provider has transactions and answers.
type provider struct {
	*World
	given int // of World.Txs
	acked int // of those
	asked []protocol.Message
}

// Compose answers the oldest request, for ids or for transactions.
func (a *provider) Compose(label, _ string) protocol.Message {
	switch label {
	case "MsgInit":
		return txsubmission.Init{}
	case "MsgDone":
		a.asked = a.asked[1:]
		return txsubmission.Done{}
	case "MsgReplyTxIds":
		req := a.asked[0].(txsubmission.RequestTxIDs)
		n := min(int(req.Req), len(a.Txs)-a.given)
		switch {
		case req.Blocking && n == 0:
			return nil
		case req.Blocking:
			n = 1 + a.Rand.IntN(n)
		default:
			n = a.Rand.IntN(n + 1)
		}
		var reply txsubmission.ReplyTxIDs
		for _, tx := range a.Txs[a.given : a.given+n] {
			reply.IDs = append(reply.IDs, txsubmission.Announced{ID: tx.ID, Size: tx.Raw.WireSize()})
		}
		a.given += n
		a.asked = a.asked[1:]
		return reply
	}
	var reply txsubmission.ReplyTxs
	for _, tx := range a.Txs[:a.given] {
		if slices.Contains(a.asked[0].(txsubmission.RequestTxs).IDs, tx.ID) && !a.chance(4) {
			reply.Txs = append(reply.Txs, tx.Raw)
		}
	}
	a.asked = a.asked[1:]
	return reply
}

// Heard checks the rules of the window, as far as no request is ahead of an
// answer. (miniprotocols, 3)
func (a *provider) Heard(m protocol.Message) error {
	a.asked = append(a.asked, m)
	switch m := m.(type) {
	case txsubmission.RequestTxIDs:
		left := a.given - a.acked - int(m.Ack)
		a.acked += int(m.Ack)
		switch {
		case left < 0:
			return fmt.Errorf("%w: by %d", txsubmission.ErrAckedTooMany, -left)
		case left+int(m.Req) > txsubmission.MaxUnacknowledged:
			return fmt.Errorf("%w: %d with %d unacknowledged", txsubmission.ErrRequestedTooMany, m.Req, left)
		case m.Blocking && left > 0:
			return txsubmission.ErrRequestBlocking
		case !m.Blocking && left == 0:
			return txsubmission.ErrRequestNonBlocking
		case m.Req == 0 && (m.Blocking || m.Ack == 0):
			return txsubmission.ErrRequestedNothing
		}
	case txsubmission.RequestTxs:
		for _, id := range m.IDs {
			if !slices.ContainsFunc(a.Txs[a.acked:a.given], func(tx ledger.Tx) bool { return tx.ID == id }) {
				return fmt.Errorf("%w: %v", txsubmission.ErrRequestedUnavailable, id)
			}
		}
	}
	return nil
}

// collector asks for transactions.
type collector struct {
	*World
	window   []ledger.TxID // announced and not acknowledged
	wanted   []ledger.TxID // of them, not asked for yet
	inFlight int           // ids
	owed     []int         // of them, by request
}

// Compose keeps to the window of ids; nil if a request of this kind is not allowed
// now.
func (a *collector) Compose(label, _ string) protocol.Message {
	switch label {
	case "MsgRequestTxIdsBlocking":
		if a.inFlight > 0 || len(a.wanted) > 0 && a.chance(2) {
			return nil
		}
		return a.requestIDs(true, len(a.window))
	case "MsgRequestTxIdsNonBlocking":
		if len(a.window) == 0 {
			return nil
		}
		return a.requestIDs(false, a.Rand.IntN(len(a.window)))
	}
	if len(a.wanted) == 0 {
		return nil
	}
	n := 1 + a.Rand.IntN(len(a.wanted))
	ids := slices.Clone(a.wanted[:n])
	a.wanted = a.wanted[n:]
	return txsubmission.RequestTxs{IDs: ids}
}

func (a *collector) requestIDs(block bool, ack int) protocol.Message {
	room := txsubmission.MaxUnacknowledged - (len(a.window) - ack) - a.inFlight
	if room <= 0 {
		return nil
	}
	req := 1 + a.Rand.IntN(room)
	gone := a.window[:ack]
	a.wanted = slices.DeleteFunc(a.wanted, func(id ledger.TxID) bool { return slices.Contains(gone, id) })
	a.window = a.window[ack:]
	a.inFlight += req
	a.owed = append(a.owed, req)
	return txsubmission.RequestTxIDs{Blocking: block, Ack: uint16(ack), Req: uint16(req)}
}

// Heard adds announced ids to the window.
func (a *collector) Heard(m protocol.Message) error {
	if m, ok := m.(txsubmission.ReplyTxIDs); ok {
		a.inFlight -= a.owed[0]
		a.owed = a.owed[1:]
		for _, id := range m.IDs {
			a.window = append(a.window, id.ID)
			a.wanted = append(a.wanted, id.ID)
		}
	}
	return nil
}
