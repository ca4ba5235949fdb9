package keepalive

import (
	"context"

	"github.com/ouronet/ouronet/protocol"
)

// Respond answers pings until the initiator is done, which returns nil. An initiator
// that is silent for 97 s, counted from the call, violates the protocol.
//
// wait, if not nil, is called before each answer and may delay it, to limit the rate of
// pings; its error ends the conversation.
func Respond(ctx context.Context, spec *protocol.Spec, t protocol.Transport, wait func(context.Context) error) error {
	s := protocol.NewSession[Message](spec, protocol.Responder, t)
	s.Most = func() int { return pingMost }
	return protocol.Serve(ctx, s, func(ctx context.Context, req Message, reply func(Message) error) error {
		if wait != nil {
			if err := wait(ctx); err != nil {
				return err
			}
		}
		return reply(KeepAliveResponse{req.(KeepAlive).Cookie})
	})
}
