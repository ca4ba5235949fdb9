package keepalive

import (
	"context"

	"github.com/ouronet/ouronet/protocol"
)

// Respond answers pings until the initiator is done, which returns nil. An
// initiator that is silent for 97 s, counted from the call, is in breach.
func Respond(ctx context.Context, spec *protocol.Spec, t protocol.Transport) error {
	s := protocol.NewSession[Message](spec, protocol.Responder, t)
	s.Most = func() int { return pingMost }
	return protocol.Serve(ctx, s, func(_ context.Context, req Message, reply func(Message) error) error {
		return reply(KeepAliveResponse{req.(KeepAlive).Cookie})
	})
}
