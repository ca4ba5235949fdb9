package node

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// Protocol is a mini-protocol of your own that runs beside the standard ones. See
// [Config].Protocols.
//
// Both nodes must have it under the same conditions: a node ends a connection on
// which it gets bytes of a mini-protocol that it does not know.
type Protocol struct {
	// Spec is the table: name, number, states and limits. The number is below
	// 32,768, and no other mini-protocol's. Unread bytes of the peer are bounded by
	// Spec.Ingress for each role, which adds to what a connection may hold.
	Spec *protocol.Spec

	// Versions are the versions of the handshake that have the mini-protocol; none
	// stands for all.
	Versions []handshake.Version

	// Initiate lets our side begin conversations, on what [Conn.Transport]
	// returns.
	Initiate bool

	// Respond, if not nil, answers the peer. It is called in a goroutine of the
	// connection whenever the peer begins, and returns nil when the peer has ended
	// the conversation in order. An error ends the connection. Without Respond, a
	// peer that begins ends the connection.
	Respond func(ctx context.Context, conn *Conn, t protocol.Transport) error

	// Class says how urgent the messages of our side are.
	Class mux.Class
}

// ErrNotAgreed means that our side cannot begin a mini-protocol of its own on a
// connection: it is not in [Config].Protocols, has no Initiate, or needs another
// version.
var ErrNotAgreed = errors.New("node: the mini-protocol is not on this connection: see Config.Protocols")

// checkProtocols returns what is wrong with mini-protocols of one's own.
func (cfg *Config) checkProtocols() error {
	taken := make(map[uint16]string)
	specs := cfg.Specs
	for _, spec := range []*protocol.Spec{specs.Handshake, specs.ChainSync, specs.BlockFetch, specs.TxSubmission, specs.KeepAlive, specs.PeerSharing} {
		taken[spec.ID] = spec.Name
	}
	for i, p := range cfg.Protocols {
		if p.Spec == nil || len(p.Spec.States) == 0 {
			return fmt.Errorf("node: Config.Protocols[%d] has no table", i)
		}
		if p.Spec.ID >= 1<<15 {
			return fmt.Errorf("node: Config.Protocols[%d]: the number of %s is %d, and has to be below 32,768", i, p.Spec.Name, p.Spec.ID)
		}
		if other, ok := taken[p.Spec.ID]; ok {
			return fmt.Errorf("node: Config.Protocols[%d]: %s has number %d, which is that of %s", i, p.Spec.Name, p.Spec.ID, other)
		}
		taken[p.Spec.ID] = p.Spec.Name
	}
	return nil
}

// has reports whether a connection has the mini-protocol.
func (p *Protocol) has(agreed handshake.Agreement) bool {
	return len(p.Versions) == 0 || slices.Contains(p.Versions, agreed.Version)
}

// declareOwn declares the channels of mini-protocols of one's own.
func (c *Conn) declareOwn(answers bool) {
	for _, p := range c.cfg.Protocols {
		if !p.has(c.agreed) {
			continue
		}
		if p.Initiate && c.MayAsk() {
			if c.own == nil {
				c.own = make(map[uint16]*mux.Channel)
			}
			c.own[p.Spec.ID] = c.mux.Channel(p.Spec, protocol.Initiator).SetClass(p.Class)
		}
		if p.Respond != nil && answers {
			c.mux.Respond(p.Spec, mux.OnOwn, func(ctx context.Context, ch *mux.Channel) error {
				return p.Respond(ctx, c, ch)
			}).SetClass(p.Class)
		}
	}
}

// Transport returns the transport for our side's conversations of one of
// [Config].Protocols, by its number: for a protocol.Session in the role of initiator.
// One runs at a time; when it has ended in order, the next may begin. If there is no
// such mini-protocol on the connection, sending returns [ErrNotAgreed], or
// [ErrMayNotAsk].
func (c *Conn) Transport(number uint16) protocol.Transport {
	c.use()
	switch channel := c.own[number]; {
	case channel != nil:
		return channel
	case c.MayAsk():
		return refusal{&PeerError{c.peer, ErrNotAgreed}}
	}
	return refusal{&PeerError{c.peer, ErrMayNotAsk}}
}
