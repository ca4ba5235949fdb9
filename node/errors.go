package node

import (
	"errors"
	"fmt"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/protocol"
)

// PeerError is an error of a connection together with the peer it is to.
type PeerError struct {
	Peer string // address
	Err  error
}

func (e *PeerError) Error() string { return fmt.Sprintf("peer %s: %v", e.Peer, e.Err) }

func (e *PeerError) Unwrap() error { return e.Err }

// Blame reports whether err says that the peer did something wrong, as against
// a connection that broke or an error of our own.
func Blame(err error) bool {
	return protocol.IsPeerFault(err)
}

// Permanent reports whether trying the same again cannot help: the other side
// is on another network, or shares no version with us.
func Permanent(err error) bool {
	var refused *handshake.RefusedError
	return errors.As(err, &refused)
}
