package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// dialTime bounds the wait for one address to answer.
const dialTime = 10 * time.Second

// queryTime is how long a peer that only asked for our versions may take to
// hang up. (handshake, 6)
const queryTime = 20 * time.Second

// Dial connects to a node, address "host:port", and runs the handshake. A name
// with several addresses has them tried one after the other. With TCP it takes 20 s
// at most, 10 s to connect and 10 s for the handshake. The error is a [*PeerError],
// unless cfg is wrong; [Permanent] tells whether to try again.
func Dial(ctx context.Context, address string, cfg Config) (*Conn, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	conn, err := cfg.Dial(ctx, address)
	if err != nil {
		return nil, &PeerError{address, &dialError{address, err}}
	}
	return start(ctx, conn, peerName(conn, address), protocol.Initiator, cfg, nil)
}

// QueryVersions connects to a node, asks which versions it takes, and closes
// the connection.
func QueryVersions(ctx context.Context, address string, cfg Config) (handshake.Table, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	conn, err := cfg.Dial(ctx, address)
	if err != nil {
		return nil, &PeerError{address, &dialError{address, err}}
	}
	m := mux.New(conn, cfg.Mux)
	defer func() {
		ctx, cancel := context.WithTimeout(ctx, CloseTime)
		defer cancel()
		m.Close(ctx)
	}()
	t, err := handshake.Query(ctx, cfg.Specs.Handshake, m.Handshake(cfg.Specs.Handshake, protocol.Initiator), cfg.versions(protocol.Initiator, true))
	if err != nil {
		return nil, &PeerError{peerName(conn, address), err}
	}
	return t, nil
}

func dialTCP(ctx context.Context, address string) (net.Conn, error) {
	if err := checkAddress(address); err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: dialTime}
	return d.DialContext(ctx, "tcp", address)
}

// CheckAddress returns a [*net.AddrError] if address is no "host:port" of TCP, which
// [Dial] would refuse before it connects. With a Dial of its own, cfg takes any
// address.
func (cfg *Config) CheckAddress(address string) error {
	if cfg.Dial != nil {
		return nil
	}
	return checkAddress(address)
}

// checkAddress returns a *net.AddrError, without the address, for what can be seen
// to be no "host:port" of TCP without asking anybody.
func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	var wrong *net.AddrError
	switch {
	case errors.As(err, &wrong):
		return &net.AddrError{Err: wrong.Err + ", which is host:port"}
	case err != nil:
		return err
	}
	if n, err := net.LookupPort("tcp", port); err != nil || n == 0 {
		return &net.AddrError{Err: fmt.Sprintf("%q is no port from 1 to 65535", port)}
	}
	return nil
}

// Handshake runs the handshake over a bearer that is connected already, as the
// side that connected (initiator) or the side that accepted (responder). It
// owns conn from the call on and closes it if there is an error, which is a
// [*PeerError].
func Handshake(ctx context.Context, conn net.Conn, role protocol.Role, cfg Config) (*Conn, error) {
	cfg, err := cfg.complete()
	if err != nil {
		conn.Close()
		return nil, err
	}
	c, err := start(ctx, conn, peerName(conn, ""), role, cfg, nil)
	if err == nil && role == protocol.Responder {
		c.tellConnected()
	}
	return c, err
}

// start runs the handshake and what the agreement has. owed, if not nil, returns what
// the peer owes when it begins.
func start(ctx context.Context, conn net.Conn, peer string, role protocol.Role, cfg Config, owed func() [paces]time.Time) (*Conn, error) {
	m := mux.New(conn, cfg.Mux)
	channel := m.Handshake(cfg.Specs.Handshake, role)
	run := handshake.Answer
	if role == protocol.Initiator {
		run = handshake.Propose
	}
	agreed, err := run(ctx, cfg.Specs.Handshake, channel, cfg.versions(role, false))
	if err == nil {
		c := newConn(cfg, m, conn, peer, role, agreed, owed)
		c.logStart(ctx)
		if role == protocol.Initiator {
			c.tellConnected()
			c.use()
		}
		return c, nil
	}
	abandon(ctx, m, channel, err)
	return nil, &PeerError{peer, err}
}

// logStart logs a connection: at debug level one that another node opened, for
// there may be any number of them.
func (c *Conn) logStart(ctx context.Context) {
	level := slog.LevelDebug
	if c.Dialled() {
		level = slog.LevelInfo
	}
	c.cfg.connections.LogAttrs(ctx, level, "connected", slog.String("peer", c.peer),
		slog.Uint64("version", uint64(c.agreed.Version)), slog.Bool("duplex", c.agreed.Duplex()))
}

// abandon ends a connection whose handshake came to nothing, so that the peer
// still gets our refusal or answer.
func abandon(ctx context.Context, m *mux.Mux, channel *mux.Channel, err error) {
	var refused *handshake.RefusedError
	switch {
	case errors.Is(err, handshake.ErrQueried):
		channel.Peek(0) // wanting more is what lets us see that the peer hangs up
		select {
		case <-m.Done():
		case <-time.After(queryTime):
		case <-ctx.Done():
		}
	case errors.As(err, &refused):
	default:
		m.Fail(fmt.Errorf("handshake: %w", err))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), CloseTime)
	defer cancel()
	m.Close(ctx)
}
