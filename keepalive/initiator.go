package keepalive

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ouronet/ouronet/protocol"
)

// DefaultInterval is the pause between an answer and the next ping.
// (miniprotocols, 4)
const DefaultInterval = 10 * time.Second

// ErrCookie is the violation of a peer that answered with another cookie.
var ErrCookie = errors.New("cookie differs from the one sent")

// Initiator pings a peer. One method runs at a time; another call meanwhile
// returns [protocol.ErrInUse] and does nothing.
type Initiator struct {
	// Cookie draws the cookies of Run; nil draws them at random.
	Cookie func() uint16

	// Stop, if not nil, ends Run once it receives and the last ping is answered.
	Stop <-chan struct{}

	s *protocol.Session[Message]
}

// NewInitiator starts a conversation. spec may be shared.
func NewInitiator(spec *protocol.Spec, t protocol.Transport) *Initiator {
	return &Initiator{s: protocol.NewSession[Message](spec, protocol.Initiator, t)}
}

// Ping sends cookie, waits for it to come back, and returns how long that took.
//
// If ctx ends first, Ping may be called again: the late answer is then waited
// for and dropped before the new cookie is sent. Any other error ends the
// session: close the connection.
func (i *Initiator) Ping(ctx context.Context, cookie uint16) (rtt time.Duration, err error) {
	if err := i.s.Begin(); err != nil {
		return 0, err
	}
	defer i.s.End()
	return i.ping(ctx, cookie)
}

func (i *Initiator) ping(ctx context.Context, cookie uint16) (rtt time.Duration, err error) {
	if err := i.s.Drain(ctx); err != nil {
		return 0, err
	}
	start := time.Now()
	reply, err := i.s.Ask(ctx, KeepAlive{cookie})
	if err != nil {
		return 0, err
	}
	rtt = time.Since(start)
	if got := reply.(KeepAliveResponse).Cookie; got != cookie {
		return 0, i.s.Violation(reply, fmt.Errorf("%w: %d for %d", ErrCookie, got, cookie))
	}
	return rtt, nil
}

// Run pings at once and then interval after each answer, until ctx ends or a
// ping does not succeed, and returns why; interval 0 is [DefaultInterval]. It
// calls observe, unless that is nil, with each round trip. Stop ends it with nil.
//
// When it was ctx that ended, or Stop, [Initiator.Done] may follow.
func (i *Initiator) Run(ctx context.Context, interval time.Duration, observe func(rtt time.Duration)) error {
	if err := i.s.Begin(); err != nil {
		return err
	}
	defer i.s.End()
	if interval == 0 {
		interval = DefaultInterval
	}
	cookie := i.Cookie
	if cookie == nil {
		cookie = func() uint16 { return uint16(rand.Uint32()) }
	}
	pause := time.NewTimer(interval)
	defer pause.Stop()
	for {
		rtt, err := i.ping(ctx, cookie())
		if err != nil {
			return err
		}
		if observe != nil {
			observe(rtt)
		}
		pause.Reset(interval)
		select {
		case <-pause.C:
		case <-i.Stop:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Done ends the conversation in order. An answer that a cancelled ping left
// owed is waited for first.
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
