package follow

import (
	"context"
	"errors"
	"sync"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// item is an event on its way to the loop, and what it counts in bytes; or why
// no more comes.
type item struct {
	isForward bool
	forward   RollForward
	back      ledger.Tip // of a RollBackward
	bytes     int
	end       error
}

// outbox is the queue from the engine to the loop. The core bounds it: see
// chain.Consumed.
type outbox struct {
	ready chan struct{} // capacity 1

	mu    sync.Mutex
	items []item
	first int // the oldest; those before it are empty
}

// idleItems is how many an outbox keeps room for while it is empty, 22 kB.
const idleItems = 64

func (o *outbox) push(i item) {
	o.mu.Lock()
	if n := len(o.items); n == cap(o.items) && o.first > n/2 {
		left := copy(o.items, o.items[o.first:])
		clear(o.items[left:])
		o.items, o.first = o.items[:left], 0
	}
	o.items = append(o.items, i)
	o.mu.Unlock()
	signal(o.ready)
}

// pop returns the oldest item, and whether another event follows it already.
func (o *outbox) pop() (i item, more, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.first == len(o.items) {
		return item{}, false, false
	}
	i, o.items[o.first] = o.items[o.first], item{}
	o.first++
	if o.first < len(o.items) {
		return i, o.items[o.first].end == nil, true
	}
	if o.items, o.first = o.items[:0], 0; cap(o.items) > idleItems {
		o.items = nil
	}
	return i, false, true
}

// signal wakes whoever waits on c, a channel of capacity 1.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it has been told already
	}
}

// errStopped: the loop was left.
var errStopped = errors.New("follow: stopped")

// yield yields events until the loop is left (errStopped) or there is an error.
func (e *Engine) yield(ctx context.Context, yield func(Event, error) bool) error {
	for {
		switch { // also while there are events
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case e.ctx.Err() != nil:
			return context.Cause(e.ctx)
		}
		item, more, ok := e.out.pop()
		if !ok {
			select {
			case <-e.out.ready:
			case <-ctx.Done():
			case <-e.ctx.Done():
			}
			continue
		}
		if item.end != nil {
			return item.end
		}
		var ev Event
		if item.isForward {
			item.forward.More = more
			ev = item.forward
		} else {
			ev = RollBackward{item.back}
		}
		left := !yield(ev, nil)
		if item.bytes > 0 {
			e.send(e.ctx, message{event: chain.Consumed{Bytes: item.bytes}})
		}
		if left {
			return errStopped
		}
	}
}
