package txsubmission

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// ErrDone means that the peer ended the conversation in order.
var ErrDone = errors.New("txsubmission: the peer has ended the conversation")

// Sink takes the transactions of one peer. One goroutine at a time uses it.
type Sink interface {
	// Want returns those of ids that should be asked for. The others are
	// acknowledged, and not announced again by this peer. An error ends the
	// session.
	Want(ctx context.Context, ids []Announced) ([]ledger.TxID, error)

	// Deliver takes the answer to one request: the ids that were asked for, and the
	// transactions that came, in the order in which the peer announced them. Missing
	// transactions will not come. While Deliver blocks, no request is sent to the peer.
	// The bytes are the sink's. An error ends the session.
	Deliver(ctx context.Context, asked []ledger.TxID, txs []ledger.Tx) error
}

// Responder asks a peer for its transactions. One method runs at a time; another
// call meanwhile, from the sink too, returns [protocol.ErrInUse] and does nothing.
//
// A call that ended because its ctx did may be followed by another, of the same or
// another method; outstanding replies are received first. After any other error the
// session is over: close the connection.
type Responder struct {
	// Policy says how Run asks. Its SizeTolerance is for RequestTxs too.
	Policy Policy

	s *protocol.Session[Message]
	w collected
}

// NewResponder starts a conversation. spec may be shared.
func NewResponder(spec *protocol.Spec, t protocol.Transport) *Responder {
	r := &Responder{s: protocol.NewSession[Message](spec, protocol.Responder, t)}
	r.s.Most = r.most
	return r
}

// most returns how many bytes the next message may have: it starts the
// conversation, or answers the oldest request.
func (r *Responder) most() int {
	if r.s.Machine().State() == StInit {
		return initMost
	}
	if len(r.w.owed) == 0 {
		return replyLimit // nothing is asked for: any message is out of turn
	}
	return r.w.most(r.Policy.withDefaults().SizeTolerance)
}

// Init waits for the peer to start the conversation. The other methods call it if
// needed.
func (r *Responder) Init(ctx context.Context) error {
	if err := r.s.Begin(); err != nil {
		return err
	}
	defer r.s.End()
	return r.init(ctx)
}

func (r *Responder) init(ctx context.Context) error {
	if r.s.Machine().State() != StInit {
		return nil
	}
	_, err := r.s.Recv(ctx)
	return err
}

// Run asks for ids and for the transactions that sink wants of them, a request
// ahead of its reply where that is allowed, until the peer ends the
// conversation, which returns nil. Errors of sink are returned as they are.
//
// It never asks twice for an id that is announced again within the window, nor
// for a transaction that is announced larger than [MaxTxSize].
func (r *Responder) Run(ctx context.Context, sink Sink) error {
	if err := r.s.Begin(); err != nil {
		return err
	}
	defer r.s.End()
	err := r.init(ctx)
	if err == nil {
		err = r.decide(ctx, sink)
	}
	if err != nil {
		return err
	}
	for msg, err := range r.s.Pipeline(ctx, r.next, nil) {
		if err != nil {
			return err
		}
		switch a, err := r.checkReply(msg); {
		case errors.Is(err, ErrDone):
			return nil
		case err != nil:
			return err
		case a.asked != nil:
			if err := sink.Deliver(ctx, a.asked, a.txs); err != nil {
				return err
			}
		}
		if err := r.decide(ctx, sink); err != nil {
			return err
		}
	}
	return nil
}

// RequestTxIDs acknowledges the ack oldest ids and asks for up to req new ones. If all
// ids are acknowledged, it waits until the peer has a new one; otherwise it does not
// wait. It returns [ErrDone] if the peer ended the conversation instead.
//
// A request that breaks a rule returns its error, such as
// [ErrRequestedTooMany], and sends nothing.
func (r *Responder) RequestTxIDs(ctx context.Context, ack, req uint16) ([]Announced, error) {
	if err := r.s.Begin(); err != nil {
		return nil, err
	}
	defer r.s.End()
	if err := r.receiveOwed(ctx); err != nil {
		return nil, err
	}
	a, err := r.ask(ctx, RequestTxIDs{Blocking: int(ack) == len(r.w.ids), Ack: ack, Req: req})
	return a.announced, err
}

// RequestTxs asks for transactions that are announced and not acknowledged, and returns
// those that the peer still has, in the order of ids. A request that breaks a rule
// returns its error, such as [ErrRequestedUnavailable], and sends nothing. Ask for no
// more bytes at once than the table's Ingress: the connection ends when the peer sends
// more.
func (r *Responder) RequestTxs(ctx context.Context, ids ...ledger.TxID) ([]ledger.Tx, error) {
	if err := r.s.Begin(); err != nil {
		return nil, err
	}
	defer r.s.End()
	if err := r.receiveOwed(ctx); err != nil {
		return nil, err
	}
	a, err := r.ask(ctx, RequestTxs{slices.Clone(ids)})
	return a.txs, err
}

// Unacknowledged returns the announced ids that are not acknowledged, oldest first.
// Only the goroutine that asks may call it.
func (r *Responder) Unacknowledged() []Announced {
	ids := make([]Announced, len(r.w.ids))
	for i, e := range r.w.ids {
		ids[i] = e.Announced
	}
	return ids
}

// answer is what a reply says, after it was checked.
type answer struct {
	announced []Announced   // of ReplyTxIDs
	asked     []ledger.TxID // of ReplyTxs, not nil then
	txs       []ledger.Tx
}

// checkReply checks a reply against the request it answers.
func (r *Responder) checkReply(msg Message) (answer, error) {
	var state protocol.StateID
	var a answer
	var err error
	switch m := msg.(type) {
	case ReplyTxIDs:
		state = StTxIdsNonBlocking
		if r.w.owed[0].(RequestTxIDs).Blocking {
			state = StTxIdsBlocking
		}
		a.announced = m.IDs
		err = r.w.replyTxIDs(m)
	case ReplyTxs:
		state = StTxs
		if a.txs, err = identify(m.Txs); err == nil {
			a.asked, err = r.w.replyTxs(a.txs, r.Policy.withDefaults().SizeTolerance)
		}
	case Done:
		r.w.owed = nil
		return answer{}, ErrDone
	}
	if err != nil {
		return answer{}, violation(r.s.Spec(), state, msg, err)
	}
	return a, nil
}

// identify computes the ids of txs.
func identify(raw []ledger.RawTx) ([]ledger.Tx, error) {
	txs := make([]ledger.Tx, len(raw))
	for i := range raw {
		id, err := raw[i].ID()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", protocol.ErrMalformed, err)
		}
		txs[i] = ledger.Tx{ID: id, Raw: raw[i]}
	}
	return txs, nil
}

// next picks Run's next request.
func (r *Responder) next(outstanding int) (Message, bool) {
	if m, ok := r.unsent(outstanding); ok {
		return m, true
	}
	m, ok := r.w.next(r.Policy.withDefaults())
	if ok {
		r.w.recordSent(m)
	}
	return m, ok
}

// unsent returns a request that was noted and then not sent, because the ctx of
// its sending ended.
func (r *Responder) unsent(outstanding int) (Message, bool) {
	if len(r.w.owed) == outstanding {
		return nil, false
	}
	return r.w.owed[len(r.w.owed)-1], true
}

// decide shows sink what is announced and not decided about.
func (r *Responder) decide(ctx context.Context, sink Sink) error {
	ids := r.w.undecided()
	if len(ids) == 0 {
		return nil
	}
	want, err := sink.Want(ctx, ids)
	if err == nil {
		r.w.decide(want)
	}
	return err
}

// ask sends one request with nothing owed and waits for its reply.
func (r *Responder) ask(ctx context.Context, m Message) (answer, error) {
	if err := r.w.check(m); err != nil {
		return answer{}, fmt.Errorf("txsubmission: %s: %w", m.Label(), err)
	}
	r.w.recordSent(m)
	if err := r.s.Request(ctx, m); err != nil {
		return answer{}, err
	}
	msg, err := r.s.Recv(ctx)
	if err != nil {
		return answer{}, err
	}
	return r.checkReply(msg)
}

// receiveOwed receives the outstanding replies.
func (r *Responder) receiveOwed(ctx context.Context) error {
	if err := r.init(ctx); err != nil {
		return err
	}
	if m, ok := r.unsent(r.s.Machine().Outstanding()); ok {
		if err := r.s.Request(ctx, m); err != nil {
			return err
		}
	}
	for len(r.w.owed) > 0 {
		msg, err := r.s.Recv(ctx)
		if err == nil {
			_, err = r.checkReply(msg)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
