package follow

import (
	"context"
	"errors"
	"sync"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/internal/queue"
	"github.com/ouronet/ouronet/internal/wake"
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
	ready wake.One

	mu    sync.Mutex
	items queue.Queue[item]
}

func (o *outbox) push(i item) {
	o.mu.Lock()
	o.items.Push(i)
	o.mu.Unlock()
	o.ready.Wake()
}

// pop returns the oldest item, and whether another event follows it already.
func (o *outbox) pop() (i item, more, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.items.Len() == 0 {
		return item{}, false, false
	}
	i = o.items.PopFirst()
	return i, o.items.Len() > 0 && o.items.Front().end == nil, true
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
