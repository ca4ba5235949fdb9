package conform

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// line is a connection to the node on which one mini-protocol is looked at.
type line struct {
	mux     *mux.Mux
	channel *mux.Channel
	agreed  handshake.Agreement
}

// open connects for a mini-protocol. For the handshake itself it stops before
// that; for others it keeps the connection alive.
func (s *suite) open(ctx context.Context, spec *protocol.Spec) (*line, error) {
	conn, err := s.cfg.dial(ctx)
	if err != nil {
		return nil, err
	}
	// The node decides when a connection is over.
	m := mux.New(conn, mux.Config{IdleTimeout: -1})
	shake := m.Handshake(handshake.Spec(), protocol.Initiator)
	if spec.ID == 0 {
		return &line{mux: m, channel: shake}, nil
	}
	l := &line{mux: m}
	data := handshake.Data{Magic: s.cfg.Network.Magic, InitiatorOnly: true, PeerSharing: true}
	if l.agreed, err = handshake.Propose(ctx, handshake.Spec(), shake, handshake.Versions(data)); err != nil {
		l.close()
		return nil, fmt.Errorf("handshake: %w", err)
	}
	l.channel = m.Channel(spec, protocol.Initiator)
	var alive *mux.Channel
	if spec.ID != keepalive.Spec().ID {
		alive = m.Channel(keepalive.Spec(), protocol.Initiator)
	}
	m.Start()
	if alive != nil {
		m.Go(func(ctx context.Context) error {
			return keepalive.NewInitiator(keepalive.Spec(), alive).Run(ctx, 0, nil)
		})
	}
	return l, nil
}

// ended waits for the node to end the connection and reports whether it did.
func (l *line) ended(ctx context.Context, patience time.Duration) bool {
	l.channel.Peek(0) // in the handshake, reading is what shows the end
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case <-l.mux.Done():
			return true
		case <-l.channel.Ready():
			// What it still says does not matter.
			for unread, _ := l.channel.Peek(0); len(unread) > 0; unread, _ = l.channel.Peek(0) {
				l.channel.Consume(len(unread))
			}
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

func (l *line) close() {
	l.mux.Fail(net.ErrClosed)
	l.mux.Close(context.Background())
}
