package node

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/ledger"
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
// is on another network, shares no version with us, or is in an era that this
// version does not know.
func Permanent(err error) bool {
	return errors.As(err, new(*handshake.RefusedError)) || errors.As(err, new(*ledger.UnknownEraError))
}

// UnfollowableError says that none of the peers to follow can be followed, and
// that trying again cannot help: [Permanent] is true of what each failed with,
// or it has none of the points to start at.
type UnfollowableError struct {
	Peers []PeerError // in the order configured
}

func (e *UnfollowableError) Error() string {
	var b strings.Builder
	b.WriteString("node: no peer can be followed")
	for i := range e.Peers {
		fmt.Fprintf(&b, "; %v", &e.Peers[i])
	}
	return b.String()
}

// Unwrap returns what each peer failed with.
func (e *UnfollowableError) Unwrap() []error {
	errs := make([]error, len(e.Peers))
	for i := range e.Peers {
		errs[i] = &e.Peers[i]
	}
	return errs
}
