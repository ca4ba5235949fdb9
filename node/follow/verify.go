package follow

import (
	"context"
	"errors"
	"fmt"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// Verifier checks the headers that upstream peers send, before their blocks are
// fetched. Without it, [Follow] only checks that each header follows the one before it.
type Verifier interface {
	// Verify checks headers, each the child of the one before and the first the child
	// of one that was verified before, or of the block to start after. It returns how
	// many pass before the first that fails, and the error of that one: a
	// [*BadHeaderError] if the header is at fault. Any other error ends the connection
	// without blame.
	//
	// One goroutine for each peer calls it, often with headers that another peer sent
	// as well.
	Verify(ctx context.Context, headers []ledger.Header) (good int, err error)
}

// BadHeaderError says that a header is not valid. Its sender broke the rules: relays
// must check headers before they pass them on.
type BadHeaderError struct {
	Point ledger.Point
	Err   error
}

// Error names the header and the rule that it breaks.
func (e *BadHeaderError) Error() string { return fmt.Sprintf("header %v: %v", e.Point, e.Err) }

// Unwrap returns what is wrong with the header.
func (e *BadHeaderError) Unwrap() error { return e.Err }

// unverified is how many of a peer's messages may wait for verification. Each
// is a batch of headers at most, and was granted by the core.
const unverified = 4

// errUnlinked: a header is not the child of the one that the peer sent before.
var errUnlinked = errors.New("does not follow the header before it")

// verifyHeaders hands on to the engine what chain-sync received, in order, once
// the headers in it are verified. It is a goroutine of its own, so that receiving
// goes on meanwhile.
func (l *link) verifyHeaders(ctx context.Context) error {
	var at ledger.Point // where the peer's candidate ends
	for {
		var m message
		select {
		case m = <-l.received:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		switch ev := m.event.(type) {
		case chain.Intersected:
			at = ev.Point
		case chain.RolledBack:
			at = ev.Point
		case chain.Headers:
			good, err := l.verify(ctx, at, ev.Headers)
			if good > 0 {
				at = ev.Headers[good-1].Point()
				ev.Headers = ev.Headers[:good]
				l.send(ctx, message{event: ev})
			}
			var bad *BadHeaderError
			if errors.As(err, &bad) {
				// The core disconnects the peer, so the rest has no effect.
				l.send(ctx, message{event: chain.BadHeader{Peer: l.id, Point: bad.Point, Err: bad.Err}})
				<-ctx.Done()
				return context.Cause(ctx)
			}
			if err != nil {
				return err
			}
			continue
		}
		l.send(ctx, m)
	}
}

// verify returns how many of the headers after at are good and what is wrong
// with the next. The core checks links as well, but a Verifier may rely on them.
func (l *link) verify(ctx context.Context, at ledger.Point, headers []ledger.Header) (good int, err error) {
	linked := 0
	for linked < len(headers) && headers[linked].PrevIs(at) {
		at = headers[linked].Point()
		linked++
	}
	if linked > 0 {
		good, err = l.upstream.engine.cfg.Verifier.Verify(ctx, headers[:linked])
	}
	if err == nil && linked < len(headers) {
		err = &BadHeaderError{headers[linked].Point(), errUnlinked}
	}
	return good, err
}

// deliver hands on what chain-sync received: to be verified first, or at once.
func (l *link) deliver(ctx context.Context, ev chain.Event) {
	l.deliverMessage(ctx, message{event: ev})
}

// deliverAndWait is deliver, and waits until the engine has done what follows: if that ends
// chain-sync or starts it anew, asking for one more update first would mean to
// wait for the peer's next block.
func (l *link) deliverAndWait(ctx context.Context, ev chain.Event) {
	if !l.deliverMessage(ctx, message{event: ev, taken: l.taken}) {
		return
	}
	select {
	case <-l.taken:
	case <-ctx.Done():
	}
}

// deliverMessage reports false if ctx ended first.
func (l *link) deliverMessage(ctx context.Context, m message) bool {
	if l.received == nil {
		return l.upstream.engine.send(ctx, m)
	}
	select {
	case l.received <- m:
		return true
	case <-ctx.Done():
		return false
	}
}
