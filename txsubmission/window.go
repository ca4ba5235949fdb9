package txsubmission

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// Violations by a responder. From a peer they come wrapped in a
// [protocol.ViolationError]; unwrapped, they say that our own request would break the
// rule and was not sent. (miniprotocols, 3)
var (
	ErrAckedTooMany         = errors.New("more ids acknowledged than are unacknowledged")
	ErrRequestedTooMany     = errors.New("more ids requested than the window has room for")
	ErrRequestedNothing     = errors.New("request for nothing")
	ErrRequestBlocking      = errors.New("blocking request while ids are unacknowledged")
	ErrRequestNonBlocking   = errors.New("non-blocking request while no ids are unacknowledged")
	ErrRequestedUnavailable = errors.New("transaction requested that is not announced")
)

// Violations by an initiator. (miniprotocols, 3)
var (
	ErrTxIDsNotRequested = errors.New("more ids than requested")
	ErrTxNotRequested    = errors.New("transaction was not requested")
	ErrTxSize            = errors.New("transaction differs in size from its announcement")
)

// check applies the rules for ids, in the order in which the Haskell provider
// does, to a window with so many ids unacknowledged and so many more requested
// and not yet announced. (miniprotocols, 3)
func (m RequestTxIDs) check(unacknowledged, inFlight int) error {
	left := unacknowledged - int(m.Ack)
	switch {
	case left < 0:
		return ErrAckedTooMany
	case left+inFlight+int(m.Req) > MaxUnacknowledged:
		return ErrRequestedTooMany
	case m.Blocking && m.Req == 0:
		return ErrRequestedNothing
	case m.Blocking && left+inFlight > 0:
		return ErrRequestBlocking
	case !m.Blocking && m.Ack == 0 && m.Req == 0:
		return ErrRequestedNothing
	case !m.Blocking && left == 0:
		return ErrRequestNonBlocking
	}
	return nil
}

// provided is the window as the side with the transactions sees it.
type provided struct {
	ids []ledger.TxID // announced and not acknowledged, oldest first
}

// requestTxIDs checks a request and drops what it acknowledges.
func (w *provided) requestTxIDs(m RequestTxIDs) error {
	if err := m.check(len(w.ids), 0); err != nil {
		return fmt.Errorf("%w: acknowledged %d, requested %d, with %d unacknowledged", err, m.Ack, m.Req, len(w.ids))
	}
	w.ids = slices.Delete(w.ids, 0, int(m.Ack))
	return nil
}

// announce appends the ids of a reply.
func (w *provided) announce(ids []Announced) {
	for _, a := range ids {
		w.ids = append(w.ids, a.ID)
	}
}

// requestTxs checks a request and returns its ids, each once: repeating one is
// allowed and changes nothing.
func (w *provided) requestTxs(m RequestTxs) ([]ledger.TxID, error) {
	var ids []ledger.TxID
	for _, id := range m.IDs {
		if !slices.Contains(w.ids, id) {
			return nil, fmt.Errorf("%w: %v", ErrRequestedUnavailable, id)
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// collected is the window as the asking side sees it, requests on their way
// included.
type collected struct {
	ids      []entry   // announced and not acknowledged, oldest first
	inFlight int       // ids requested and not yet announced
	owed     []Message // requests without a reply, oldest first
}

// entry is an announced id and what became of it.
type entry struct {
	Announced
	stage stage
}

type stage uint8

const (
	offered stage = iota // not decided on yet
	wanted               // to be asked for
	asked                // asked for
	settled              // arrived, or missing, or not wanted
)

// check says which rule a request of ours would break.
func (w *collected) check(m Message) error {
	switch m := m.(type) {
	case RequestTxIDs:
		return m.check(len(w.ids), w.inFlight)
	case RequestTxs:
		if len(m.IDs) == 0 {
			return ErrRequestedNothing
		}
		for i, id := range m.IDs {
			if e := w.find(id); e == nil || e.stage == asked || slices.Contains(m.IDs[:i], id) {
				return fmt.Errorf("%w: %v", ErrRequestedUnavailable, id)
			}
		}
	}
	return nil
}

// recordSent records a request, which breaks no rule, as sent.
func (w *collected) recordSent(m Message) {
	switch m := m.(type) {
	case RequestTxIDs:
		w.ids = slices.Delete(w.ids, 0, int(m.Ack))
		w.inFlight += int(m.Req)
	case RequestTxs:
		w.setStage(m.IDs, asked)
	}
	w.owed = append(w.owed, m)
}

// most returns how many bytes the answer to the oldest request may have, if
// sizes may be off by tolerance.
func (w *collected) most(tolerance int) int {
	switch m := w.owed[0].(type) {
	case RequestTxIDs:
		return frameMost + int(m.Req)*idMost
	case RequestTxs:
		if tolerance < 0 {
			break
		}
		n := uint64(frameMost)
		for _, id := range m.IDs {
			n += uint64(w.find(id).Size) + uint64(tolerance) + txMost
		}
		return int(min(n, replyLimit))
	}
	return replyLimit
}

// replyTxIDs takes the answer to the oldest request, one for ids.
func (w *collected) replyTxIDs(m ReplyTxIDs) error {
	req := w.answered().(RequestTxIDs)
	w.inFlight -= int(req.Req)
	if req.Blocking && len(m.IDs) == 0 {
		return fmt.Errorf("%w: no ids in reply to a blocking request", protocol.ErrMalformed)
	}
	if len(m.IDs) > int(req.Req) {
		return fmt.Errorf("%w: at least %d for %d", ErrTxIDsNotRequested, len(m.IDs), req.Req)
	}
	for _, a := range m.IDs {
		w.ids = append(w.ids, entry{Announced: a})
	}
	return nil
}

// replyTxs takes the answer to the oldest request, one for transactions, and
// returns the ids that were asked for. It puts txs in the order of the request.
// Sizes may be off by tolerance bytes, or by any number if that is negative.
func (w *collected) replyTxs(txs []ledger.Tx, tolerance int) ([]ledger.TxID, error) {
	ids := w.answered().(RequestTxs).IDs
	for i, tx := range txs {
		twice := slices.ContainsFunc(txs[:i], func(other ledger.Tx) bool { return other.ID == tx.ID })
		if twice || !slices.Contains(ids, tx.ID) {
			return nil, fmt.Errorf("%w: %v", ErrTxNotRequested, tx.ID)
		}
		// No id is acknowledged while it is asked for, so it is there.
		announced, got := w.find(tx.ID).Size, tx.Raw.WireSize()
		if tolerance >= 0 && max(announced, got)-min(announced, got) > uint32(tolerance) {
			return nil, fmt.Errorf("%w: %v has %d bytes, announced were %d", ErrTxSize, tx.ID, got, announced)
		}
	}
	w.setStage(ids, settled)
	slices.SortFunc(txs, func(a, b ledger.Tx) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return ids, nil
}

// answered removes the oldest request. The table has seen to it that there is
// one and that the reply is of its kind.
func (w *collected) answered() Message {
	m := w.owed[0]
	w.owed = slices.Delete(w.owed, 0, 1)
	return m
}

// find returns the oldest entry with id, or nil.
func (w *collected) find(id ledger.TxID) *entry {
	for i := range w.ids {
		if w.ids[i].ID == id {
			return &w.ids[i]
		}
	}
	return nil
}

// setStage sets the stage of all entries with one of ids.
func (w *collected) setStage(ids []ledger.TxID, s stage) {
	for i := range w.ids {
		if slices.Contains(ids, w.ids[i].ID) {
			w.ids[i].stage = s
		}
	}
}
