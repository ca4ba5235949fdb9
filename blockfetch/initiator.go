package blockfetch

import (
	"context"
	"fmt"
	"iter"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// Initiator fetches blocks from a peer. One method or loop runs at a time;
// another call meanwhile, from the loop body too, returns [protocol.ErrInUse]
// and does nothing. Window and Ended are for any goroutine.
//
// Blocks come in the order of the requests, each with a body that matches its header.
type Initiator struct {
	// SkipBodies leaves the check of bodies to the caller, who then must use
	// [ledger.Block.CheckBody]. The header is checked in any case.
	SkipBodies bool

	s       *protocol.Session[Message]
	network ledger.Network
	window  int // bytes that may be asked for and not yet taken

	asked []request // the ranges that are outstanding, oldest first
	taken int       // blocks received of the oldest one
	bytes int       // estimated size of all that is outstanding

	sending RequestRange // here, so that a request costs no allocation

	hasher ledger.BodyHasher // of the block that is under way
}

// request is one range that was asked for: block by block or, if plain, by its
// ends only.
type request struct {
	wants    []Want
	plain    bool
	from, to ledger.Point // of a plain one; from moves along
	boundary bool         // the block at from is a Byron boundary block
}

// Result is what [Initiator.Stream] yields: a block, or a range that the peer does not
// have.
type Result struct {
	Block ledger.Block
	Want  Want

	// Missing are the blocks of a range that was answered with NoBlocks; Block
	// and Want are then empty.
	Missing []Want
}

// NewInitiator starts a conversation. network is needed to read headers.
func NewInitiator(spec *protocol.Spec, t protocol.Transport, network ledger.Network) *Initiator {
	i := &Initiator{
		s:       protocol.NewSession[Message](into(spec, new(received)), protocol.Initiator, t),
		network: network,
		window:  spec.Ingress / 2,
	}
	i.s.Arriving = i.arriving
	return i
}

// Window returns how many bytes of blocks are asked for at most at a time.
// Asking for half of our ingress buffer leaves room for sizes that were only
// estimated, so that an honest peer can never overrun it.
func (i *Initiator) Window() int { return i.window }

// Fetch yields the blocks of wants, which are consecutive on the peer's chain, oldest
// first; the error comes last. It asks for several ranges at once, for no more than
// [Initiator.Window] bytes unless a single block is larger, and for more as the loop
// body takes blocks: a slow loop delays itself alone.
//
// [ErrNoBlocks] leaves the conversation usable, as do an error of ctx and a break:
// outstanding blocks are then received and dropped before the next request. After any
// other error close the connection.
func (i *Initiator) Fetch(ctx context.Context, wants []Want) iter.Seq2[ledger.Block, error] {
	return func(yield func(ledger.Block, error) bool) {
		rest := wants
		next := func() (part []Want, ok bool) {
			part, rest = split(rest, i.window/4)
			if len(part) == 0 && len(rest) > 0 {
				part, rest = rest[:1], rest[1:] // larger than that
			}
			return part, len(part) > 0
		}
		for r, err := range i.Stream(ctx, next, nil) {
			if err == nil && r.Missing != nil {
				err = fmt.Errorf("%w: %v to %v", ErrNoBlocks, r.Missing[0].Point, r.Missing[len(r.Missing)-1].Point)
			}
			if !yield(r.Block, err) || err != nil {
				return
			}
		}
	}
}

// Stream is Fetch for callers that choose blocks while they receive others. next
// returns the next consecutive blocks to ask for, or false if there are none now; wake,
// if not nil, keeps the loop alive then and makes it ask next again. The error comes
// last. Blocks that next returned and that the loop has not yielded when it ends are
// not fetched.
func (i *Initiator) Stream(ctx context.Context, next func() ([]Want, bool), wake <-chan struct{}) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		if err := i.s.Begin(); err != nil {
			yield(Result{}, err)
			return
		}
		defer i.s.End()
		if err := i.drain(ctx); err != nil {
			yield(Result{}, err)
			return
		}
		var rest []Want
		request := func(int) (Message, bool) {
			if len(i.asked) >= MaxRequests {
				return nil, false
			}
			if len(rest) == 0 {
				if i.bytes >= i.window {
					return nil, false // next may decide better when there is room
				}
				var ok bool
				if rest, ok = next(); !ok || len(rest) == 0 {
					rest = nil
					return nil, false
				}
			}
			part, after := split(rest, i.window-i.bytes)
			if len(part) == 0 {
				if i.bytes > 0 {
					return nil, false
				}
				part, after = rest[:1], rest[1:] // larger than the window
			}
			rest = after
			i.ask(request{wants: part})
			i.sending = RequestRange{part[0].Point, part[len(part)-1].Point}
			return &i.sending, true
		}
		for msg, err := range i.s.Pipeline(ctx, request, wake) {
			var r Result
			ready := false
			if err == nil {
				r, ready, err = i.receive(msg)
			}
			if (ready || err != nil) && !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// Range yields the blocks from one point to another, both included. Each must follow
// the one before it. Range sends one request for all of them, because the points
// between are not known. So the loop body must keep up with the peer: when blocks fill
// the ingress buffer, 23 MB, the connection ends with [ErrConsumerTooSlow]. For long
// ranges and slow loops use node.Conn.Blocks, which gets the points between from
// chain-sync. Errors are those of [Initiator.Fetch].
func (i *Initiator) Range(ctx context.Context, from, to ledger.Point) iter.Seq2[ledger.Block, error] {
	return func(yield func(ledger.Block, error) bool) {
		if from.IsOrigin() || to.IsOrigin() || from.Slot > to.Slot {
			yield(ledger.Block{}, fmt.Errorf("blockfetch: %w: %v to %v", ErrInvalidRange, from, to))
			return
		}
		if err := i.s.Begin(); err != nil {
			yield(ledger.Block{}, err)
			return
		}
		defer i.s.End()
		if err := i.drain(ctx); err != nil {
			yield(ledger.Block{}, err)
			return
		}
		i.blameUs(ErrConsumerTooSlow)
		defer func() {
			if i.s.Machine().Outstanding() == 0 {
				i.blameUs(nil)
			}
		}()
		i.ask(request{plain: true, from: from, to: to})
		for msg, err := range i.s.Exchange(ctx, RequestRange{from, to}) {
			var r Result
			ready := false
			if err == nil {
				r, ready, err = i.receive(msg)
			}
			if err == nil && ready && r.Block.Raw == nil {
				err = fmt.Errorf("%w: %v to %v", ErrNoBlocks, from, to)
			}
			if (ready || err != nil) && !yield(r.Block, err) || err != nil {
				return
			}
		}
	}
}

// blameUs makes an overrun our own fault, as we asked for more than fits. It holds
// until the last of it has come.
func (i *Initiator) blameUs(err error) {
	if t, ok := i.s.Transport().(interface{ OnOverrun(error) }); ok {
		t.OnOverrun(err)
	}
}

// Ended reports whether the conversation is over.
func (i *Initiator) Ended() bool { return i.s.Ended() }

// Done ends the conversation in order; outstanding blocks are received and dropped
// first.
func (i *Initiator) Done(ctx context.Context) error {
	if err := i.s.Begin(); err != nil {
		return err
	}
	defer i.s.End()
	if err := i.drain(ctx); err != nil {
		return err
	}
	return i.s.Send(ctx, ClientDone{})
}

// drain receives what an earlier loop left owed, and checks it all the same.
func (i *Initiator) drain(ctx context.Context) error {
	for i.s.Machine().Outstanding() > 0 {
		msg, err := i.s.Recv(ctx)
		if err != nil {
			return err
		}
		if _, _, err := i.receive(msg); err != nil {
			return err
		}
	}
	// A request that was noted but never sent, because its ctx ended, is gone.
	i.asked, i.taken, i.bytes = i.asked[:0], 0, 0
	i.blameUs(nil)
	return nil
}

func (i *Initiator) ask(r request) {
	i.asked = append(i.asked, r)
	for _, w := range r.wants {
		i.bytes += w.Size
	}
}

// finish drops the oldest request.
func (i *Initiator) finish() {
	for _, w := range i.asked[0].wants[min(i.taken, len(i.asked[0].wants)):] {
		i.bytes -= w.Size
	}
	copy(i.asked, i.asked[1:])
	i.asked[len(i.asked)-1] = request{}
	i.asked = i.asked[:len(i.asked)-1]
	i.taken = 0
}
