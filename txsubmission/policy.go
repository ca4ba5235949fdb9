package txsubmission

import (
	"slices"

	"github.com/ouronet/ouronet/ledger"
)

// Policy says how much [Responder.Run] asks for. The zero value does as
// cardano-node. (relay-behaviour, 8.2)
type Policy struct {
	IDs    int // most ids in one request; 0 is 3
	Txs    int // most transactions in one request; 0 is 2
	Window int // most ids unacknowledged; 0, or more, is MaxUnacknowledged
	Bytes  int // most bytes of transactions asked for and not there yet, but one may be larger; 0 is MaxTxSize

	// SizeTolerance is by how many bytes a transaction may differ in size
	// from its announcement; 0 is 32, negative is by any number.
	SizeTolerance int
}

// withDefaults returns p with its zeros filled in.
func (p Policy) withDefaults() Policy {
	if p.IDs <= 0 {
		p.IDs = 3
	}
	if p.Txs <= 0 {
		p.Txs = 2
	}
	if p.Window <= 0 || p.Window > MaxUnacknowledged {
		p.Window = MaxUnacknowledged
	}
	if p.Bytes <= 0 {
		p.Bytes = MaxTxSize
	}
	if p.SizeTolerance == 0 {
		p.SizeTolerance = 32
	}
	return p
}

// next decides what to ask next, if anything. A request for transactions is
// followed by one for ids, as soon as there is room and while the answer is
// awaited; alone, that would be polling. When nothing is owed, everything in
// the window is settled, so that it can be acknowledged at once.
// (relay-behaviour, 8.2)
func (w *collected) next(p Policy) (Message, bool) {
	if w.lastIsForTxs() {
		// What the last request asked for is not settled, so that ids stay
		// unacknowledged and this one must not block.
		ack := w.settledPrefix()
		room := p.Window - (len(w.ids) - ack) - w.inFlight
		if req := min(p.IDs, room); req > 0 {
			return RequestTxIDs{Ack: uint16(ack), Req: uint16(req)}, true
		}
	}
	if ids := w.wanted(p.Txs, p.Bytes); len(ids) > 0 {
		return RequestTxs{ids}, true
	}
	if len(w.owed) == 0 {
		return RequestTxIDs{Blocking: true, Ack: uint16(len(w.ids)), Req: uint16(min(p.IDs, p.Window))}, true
	}
	return nil, false
}

func (w *collected) lastIsForTxs() bool {
	if len(w.owed) == 0 {
		return false
	}
	_, ok := w.owed[len(w.owed)-1].(RequestTxs)
	return ok
}

// settledPrefix returns how many of the oldest ids need nothing more.
func (w *collected) settledPrefix() int {
	if n := slices.IndexFunc(w.ids, func(e entry) bool { return e.stage != settled }); n >= 0 {
		return n
	}
	return len(w.ids)
}

// wanted returns the oldest ids that are to be asked for, at most n, with which
// no more than so many bytes are in flight, or one transaction.
func (w *collected) wanted(n, bytes int) []ledger.TxID {
	var ids []ledger.TxID
	inFlight := 0
	for _, e := range w.ids {
		if e.stage == asked {
			inFlight += int(e.Size)
		}
	}
	for _, e := range w.ids {
		if e.stage != wanted {
			continue
		}
		if len(ids) == n || inFlight > 0 && inFlight+int(e.Size) > bytes {
			break
		}
		inFlight += int(e.Size)
		ids = append(ids, e.ID)
	}
	return ids
}

// undecided returns the ids that are still to be decided on. An id that is in the
// window twice is decided on once; one that is announced too large is settled, and
// not asked for.
func (w *collected) undecided() []Announced {
	var ids []Announced
	for i := range w.ids {
		e := &w.ids[i]
		if e.stage != offered {
			continue
		}
		again := slices.ContainsFunc(w.ids[:i], func(earlier entry) bool { return earlier.ID == e.ID })
		if again || e.Size > MaxTxSize {
			e.stage = settled
			continue
		}
		ids = append(ids, e.Announced)
	}
	return ids
}

// decide makes the undecided ids wanted or settled.
func (w *collected) decide(want []ledger.TxID) {
	for i := range w.ids {
		e := &w.ids[i]
		if e.stage != offered {
			continue
		}
		e.stage = settled
		if slices.Contains(want, e.ID) {
			e.stage = wanted
		}
	}
}
