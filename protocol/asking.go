package protocol

import (
	"context"
	"iter"
)

// Exchange sends one request and yields its replies, the error last. Outstanding
// replies of a loop that was left early are received and dropped first.
//
// After a break, the other replies stay outstanding.
func (s *Session[M]) Exchange(ctx context.Context, req M) iter.Seq2[M, error] {
	return func(yield func(M, error) bool) {
		var none M
		if err := s.Drain(ctx); err != nil {
			yield(none, err)
			return
		}
		if err := s.Request(ctx, req); err != nil {
			yield(none, err)
			return
		}
		for s.m.outstanding > 0 {
			msg, err := s.Recv(ctx)
			if !yield(msg, err) || err != nil {
				return
			}
		}
	}
}

// Ask is [Session.Exchange] for a request that has exactly one reply.
func (s *Session[M]) Ask(ctx context.Context, req M) (M, error) {
	for msg, err := range s.Exchange(ctx, req) {
		return msg, err
	}
	var none M
	return none, agencyError(s.spec, s.m.state, req.Label()+" without a reply")
}

// Drain receives and drops the outstanding replies.
func (s *Session[M]) Drain(ctx context.Context) error {
	for s.m.outstanding > 0 {
		if _, err := s.Recv(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Pipeline sends requests ahead of their replies and yields the replies in
// order, the error last. It asks next for requests until next has none, then
// yields one reply, and so on; next gets the number of requests that are outstanding.
// The loop ends when next has none and nothing is outstanding.
//
// If wake is not nil the loop does not end there: it waits, and a value from
// wake lets it ask next again, also while a reply is awaited. wake must not be
// closed.
//
// Requests outstanding from an earlier loop go on: their replies come first. After a
// break, replies stay outstanding.
func (s *Session[M]) Pipeline(ctx context.Context, next func(outstanding int) (M, bool), wake <-chan struct{}) iter.Seq2[M, error] {
	return func(yield func(M, error) bool) {
		var none M
		for {
			for req, ok := next(s.m.outstanding); ok; req, ok = next(s.m.outstanding) {
				if err := s.Request(ctx, req); err != nil {
					yield(none, err)
					return
				}
			}
			var woken bool
			var err error
			msg := none
			switch {
			case s.m.outstanding > 0:
				msg, woken, err = s.recv(ctx, wake)
			case wake != nil && s.m.Ours():
				woken, err = true, s.rest(ctx, wake)
			default:
				return
			}
			if woken && err == nil {
				continue
			}
			if !yield(msg, err) || err != nil {
				return
			}
		}
	}
}

// rest waits for wake while the peer has nothing to say.
func (s *Session[M]) rest(ctx context.Context, wake <-chan struct{}) error {
	for {
		unread, err := s.t.Peek(0)
		if len(unread) > 0 {
			return s.violation(s.m.state, "", ErrOutOfTurn)
		}
		if err != nil {
			return err
		}
		if woken, err := s.wait(ctx, wake, Timeout{}); woken || err != nil {
			return err
		}
	}
}
