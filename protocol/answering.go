package protocol

import (
	"context"
	"fmt"
)

// Handler answers one request. It calls reply for each message of the answer, in order.
// When it returns nil, agency must be with the peer again, or the conversation over. An
// error ends the session.
//
// ctx ends when the session does. reply returns when the message is queued, so a slow
// peer delays its own handler alone.
type Handler[M Message] func(ctx context.Context, req M, reply func(M) error) error

// Serve answers requests one after the other until the conversation ends. It
// returns nil after an orderly end.
func Serve[M Message](ctx context.Context, s *Session[M], handle Handler[M]) error {
	reply := func(msg M) error { return s.Send(ctx, msg) }
	for {
		req, err := s.Recv(ctx)
		if err != nil {
			return err
		}
		if s.m.Done() {
			return nil
		}
		if err := handle(ctx, req, reply); err != nil {
			return err
		}
		if s.m.Done() {
			return nil
		}
		if s.m.Ours() {
			return fmt.Errorf("%w: the handler left %s of %s unanswered", ErrAgency, req.Label(), s.spec.Name)
		}
	}
}
