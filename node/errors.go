package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// PeerError is an error of a connection to a peer.
type PeerError struct {
	Peer string // address
	Err  error
}

// Error begins with the address of the peer.
func (e *PeerError) Error() string { return fmt.Sprintf("peer %s: %v", e.Peer, e.Err) }

// Unwrap returns why the connection ended.
func (e *PeerError) Unwrap() error { return e.Err }

// logEnd logs at debug level why a connection ended, or was not made. The entry
// names the peer once: as the error does, if it does.
func logEnd(ctx context.Context, log *slog.Logger, message, peer string, err error) {
	if pe, ok := err.(*PeerError); ok { // the outermost one
		peer, err = pe.Peer, pe.Err
	}
	log.LogAttrs(ctx, slog.LevelDebug, message, slog.String("peer", peer), slog.Any("error", err))
}

// dialError is an error of [Config].Dial that says nothing twice: a [PeerError]
// names the address.
type dialError struct {
	address string
	err     error
}

// Error names another address only if the peer's name stands for several, and no
// system call.
func (e *dialError) Error() string {
	var op *net.OpError
	if !errors.As(e.err, &op) {
		return e.err.Error()
	}
	err, at := op.Err, ""
	if op.Addr != nil && op.Addr.String() != e.address { // one of those that a name has
		at = " " + op.Addr.String()
	}
	var call *os.SyscallError
	var name *net.DNSError
	switch {
	case errors.As(err, &call):
		err = call.Err
	case errors.As(err, &name):
		return op.Op + ": look up the name: " + name.Err
	}
	return fmt.Sprintf("%s%s: %v", op.Op, at, err)
}

// Unwrap returns the error of the dialler.
func (e *dialError) Unwrap() error { return e.err }

// Blame distinguishes a violation by the peer from a lost connection and from errors of
// our own: it reports whether the peer is at fault.
func Blame(err error) bool {
	return protocol.IsPeerFault(err)
}

// Errors of initiators that our side may not use on a connection. The first call
// returns them in a [PeerError]; the peer is not at fault.
var (
	// ErrMayNotAsk: the peer opened the connection and does not answer on it, or
	// does not expect us to ask. [Conn.MayAsk] tells before.
	ErrMayNotAsk = errors.New("node: our side may not ask on this connection, which the peer opened for its own questions")

	// ErrNotSharing: one of the two sides does not offer peer-sharing.
	ErrNotSharing = errors.New("node: peer-sharing was not agreed on: both sides must offer it, ours with Config.PeerSharing")
)

// Permanent reports whether the same attempt will fail again: the other side is on
// another network, shares no version with us, or is in an era that this version does
// not know; or its address is none ([*net.AddrError]).
func Permanent(err error) bool {
	return errors.As(err, new(*handshake.RefusedError)) || errors.As(err, new(*ledger.UnknownEraError)) ||
		errors.As(err, new(*net.AddrError))
}
