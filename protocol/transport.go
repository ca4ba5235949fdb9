package protocol

import "context"

// Transport carries the bytes of one mini-protocol in one direction each way,
// without framing. One goroutine at a time uses it. *mux.Channel is one.
type Transport interface {
	// Send queues head followed by body. head is copied; body is borrowed
	// until it is written and must not change. Send waits while too much is
	// queued; when ctx ends first, nothing of the message was queued.
	Send(ctx context.Context, head, body []byte) error

	// Peek returns the bytes received and not consumed. seen is how many of them the
	// caller has seen before. They stay valid until the next Peek or Consume. If there
	// are no more than seen and no more will come, Peek returns the reason as an error;
	// it does not wait.
	Peek(seen int) (unread []byte, err error)

	// Ready receives a value after Peek has more to return, or an error. Spurious
	// values are allowed, missing ones are not.
	Ready() <-chan struct{}

	// Consume drops the first n unread bytes.
	Consume(n int)
}
