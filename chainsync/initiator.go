package chainsync

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// ErrNoIntersect means that none of the offered points is on the peer's chain.
// The conversation goes on where it was.
var ErrNoIntersect = errors.New("chainsync: no intersection with the peer's chain")

// ErrIntersection is the violation of a peer that found an intersection we did
// not offer.
var ErrIntersection = errors.New("intersection was not offered")

// Initiator follows a peer's chain. One method or loop runs at a time; another
// call meanwhile, from the loop body too, returns [protocol.ErrInUse] and does
// nothing. Only Tip, Buffered and Violation are for the loop body, and Ended for
// any goroutine.
type Initiator struct {
	s *protocol.Session[Message]

	// head is the block number of our copy of the peer's chain, known only
	// after a header: a rollback names a point without it.
	head      ledger.BlockNo
	headKnown bool
	tip       ledger.Tip
	draining  bool // between HighMark and lowMark

	onAwait func()
}

// NewInitiator starts a conversation at the origin of the peer's chain. spec
// may be shared.
func NewInitiator(spec *protocol.Spec, t protocol.Transport) *Initiator {
	return &Initiator{s: protocol.NewSession[Message](spec, protocol.Initiator, t)}
}

// SetRandom sets the source of the random time to wait for a peer at its tip: random
// returns a number in [0, 1). The default is math/rand/v2. Call it first.
func (i *Initiator) SetRandom(random func() float64) { i.s.Random = random }

// OnAwait sets the function that the loops below call each time the peer says that it
// has no update for now: the loop has yielded all there is. nil calls none. Call
// OnAwait before the loop.
func (i *Initiator) OnAwait(f func()) { i.onAwait = f }

// Intersect asks for the first of points, best first, that is on the peer's
// chain. The next update rolls back to that point, or to an earlier one.
//
// It returns [ErrNoIntersect] when none is: offer older points, ending with
// [ledger.Origin]. Any other error ends the session, unless it is ctx's: close the
// connection. Outstanding updates are received and dropped first; at the tip that waits
// for the peer's next block. (miniprotocols, 1)
func (i *Initiator) Intersect(ctx context.Context, points ...ledger.Point) (ledger.Point, ledger.Tip, error) {
	if err := i.s.Begin(); err != nil {
		return ledger.Point{}, ledger.Tip{}, err
	}
	defer i.s.End()
	// Updates that are dropped on the way move it, too, and so may an
	// intersection whose answer ctx does not let us see.
	i.headKnown = false
	reply, err := i.s.Ask(ctx, FindIntersect{points})
	if err != nil {
		return ledger.Point{}, ledger.Tip{}, err
	}
	switch m := reply.(type) {
	case IntersectFound:
		if !slices.Contains(points, m.Point) {
			err := i.s.Violation(m, fmt.Errorf("%w: %v", ErrIntersection, m.Point))
			return ledger.Point{}, ledger.Tip{}, err
		}
		i.tip = m.Tip
		return m.Point, m.Tip, nil
	case IntersectNotFound:
		i.tip = m.Tip
		return ledger.Point{}, m.Tip, ErrNoIntersect
	}
	panic("unreachable: the table has no other reply")
}

// Updates yields what happens to the peer's chain from the current position
// on, without end; the error comes last and ends the session, unless it is
// ctx's. Requests are sent ahead of the answers, but never past the tip that
// the peer announced.
//
// A slow loop body does not disturb the peer. After a break, updates may still arrive:
// the next loop yields them, [Initiator.Intersect] and [Initiator.Done] drop them.
func (i *Initiator) Updates(ctx context.Context) iter.Seq2[Update, error] {
	return i.Stream(ctx, func(int) bool { return true }, nil)
}

// Stream is [Initiator.Updates] for callers that decide on each request: it calls more
// before each one, with the number outstanding, and sends it if more returns true. When
// more returns false and none is outstanding, the loop waits for a value from wake and
// calls more again; if wake is nil it ends.
func (i *Initiator) Stream(ctx context.Context, more func(outstanding int) bool, wake <-chan struct{}) iter.Seq2[Update, error] {
	next := func(outstanding int) (Message, bool) {
		if i.wants(outstanding) && more(outstanding) {
			return RequestNext{}, true
		}
		return nil, false
	}
	return func(yield func(Update, error) bool) {
		if err := i.s.Begin(); err != nil {
			yield(nil, err)
			return
		}
		defer i.s.End()
		for msg, err := range i.s.Pipeline(ctx, next, wake) {
			if err != nil {
				yield(nil, err)
				return
			}
			u, ok := msg.(Update)
			if !ok { // AwaitReply
				if i.onAwait != nil {
					i.onAwait()
				}
				continue
			}
			if err := i.recordUpdate(u); err != nil {
				yield(nil, err)
				return
			}
			if !yield(u, nil) {
				return
			}
		}
	}
}

// wants decides whether to ask for one more update: it fills the pipeline to
// HighMark, lets it drain to lowMark, and asks for nothing beyond the peer's
// tip, where exactly one request is outstanding. (miniprotocols, 1)
func (i *Initiator) wants(outstanding int) bool {
	switch {
	case outstanding == 0:
		i.draining = false
		return true
	case !i.headKnown || i.head >= i.tip.BlockNo || i.tip.BlockNo-i.head <= ledger.BlockNo(outstanding):
		return false
	case outstanding >= HighMark:
		i.draining = true
		return false
	case i.draining && outstanding > lowMark:
		return false
	}
	i.draining = false
	return true
}

// recordUpdate keeps what wants needs to know of an update.
func (i *Initiator) recordUpdate(u Update) error {
	switch u := u.(type) {
	case RollForward:
		n, err := u.Header.BlockNo()
		if err != nil {
			return i.s.Violation(u, fmt.Errorf("%w: %w", protocol.ErrMalformed, err))
		}
		i.head, i.headKnown, i.tip = n, true, u.Tip
	case RollBackward:
		i.headKnown, i.tip = false, u.Tip
	}
	return nil
}

// Tip returns the end of the peer's chain as the peer last announced it.
func (i *Initiator) Tip() ledger.Tip { return i.tip }

// Buffered reports whether more of the peer's bytes have arrived, so that the
// next update is likely to come without waiting, or [Initiator.OnAwait] is next.
func (i *Initiator) Buffered() bool { return i.s.Buffered() }

// Violation returns the error to end with when the caller finds an update of the peer
// wrong.
func (i *Initiator) Violation(u Update, err error) error { return i.s.Violation(u, err) }

// Ended reports whether the conversation is over.
func (i *Initiator) Ended() bool { return i.s.Ended() }

// Done ends the conversation in order. It waits for the outstanding updates and drops
// them, which at the tip takes until the peer's next block: bound it with ctx. (mux, 7:
// cardano-node allows 300 s)
func (i *Initiator) Done(ctx context.Context) error {
	if err := i.s.Begin(); err != nil {
		return err
	}
	defer i.s.End()
	if err := i.s.Drain(ctx); err != nil {
		return err
	}
	return i.s.Send(ctx, Done{})
}
