package txsubmission

import (
	"slices"

	"github.com/ouronet/ouronet/ledger"
)

// AskingWindow has the rules by which [Responder.Run] makes requests, without a
// session: for simulations, and for your own drivers. It has no clock and no I/O. Its
// methods must not overlap.
type AskingWindow struct {
	Policy Policy // as in Responder

	w collected
}

// Next returns the next request to send, a [RequestTxIDs] or a [RequestTxs], and counts
// it as sent; ok is false if there is none before the next reply.
func (a *AskingWindow) Next() (req Message, ok bool) {
	m, ok := a.w.next(a.Policy.withDefaults())
	if ok {
		a.w.recordSent(m)
	}
	return m, ok
}

// ReplyTxIDs accepts the answer to the oldest open request, which asked for ids. It
// returns the ids to decide about before the next call of Next. An error is the peer's
// fault.
func (a *AskingWindow) ReplyTxIDs(m ReplyTxIDs) ([]Announced, error) {
	if err := a.w.replyTxIDs(m); err != nil {
		return nil, err
	}
	return a.w.undecided(), nil
}

// Decide names those of the undecided ids to ask for; the others are skipped.
func (a *AskingWindow) Decide(want []ledger.TxID) { a.w.decide(want) }

// ReplyTxs accepts the answer to the oldest open request, which asked for transactions,
// and puts them in the order of the request. It returns the ids that were asked for. An
// error is the peer's fault.
func (a *AskingWindow) ReplyTxs(txs []ledger.Tx) ([]ledger.TxID, error) {
	return a.w.replyTxs(txs, a.Policy.withDefaults().SizeTolerance)
}

// Unacknowledged returns how many ids are announced and not acknowledged.
func (a *AskingWindow) Unacknowledged() int { return len(a.w.ids) }

// AnsweringWindow has the rules by which [Provide] checks requests, without a session.
// Its methods must not overlap.
type AnsweringWindow struct{ w provided }

// RequestTxIDs checks a request and drops the ids that it acknowledges. An
// error is the peer's fault.
func (a *AnsweringWindow) RequestTxIDs(m RequestTxIDs) error { return a.w.requestTxIDs(m) }

// Announce appends the ids of a reply.
func (a *AnsweringWindow) Announce(ids []Announced) { a.w.announce(ids) }

// RequestTxs checks a request and returns its ids, each once. An error is the
// peer's fault.
func (a *AnsweringWindow) RequestTxs(m RequestTxs) ([]ledger.TxID, error) { return a.w.requestTxs(m) }

// Unacknowledged returns the ids that are announced and not acknowledged,
// oldest first.
func (a *AnsweringWindow) Unacknowledged() []ledger.TxID { return slices.Clone(a.w.ids) }
