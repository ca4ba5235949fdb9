package follow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
)

// logLost logs why a connection ended or could not be made. The entry names the peer
// once: as the error does, if it does.
func logLost(ctx context.Context, log *slog.Logger, peer string, err error, retry time.Duration) {
	blame := node.Blame(err)
	if pe, ok := err.(*node.PeerError); ok { // the outermost one
		peer, err = pe.Peer, pe.Err
	}
	log.LogAttrs(ctx, slog.LevelWarn, "lost peer", slog.String("peer", peer), slog.Any("error", err),
		slog.Bool("blame", blame), slog.Duration("retry", retry))
}

// noIntersectError is [ErrNoIntersect] of one peer.
type noIntersectError struct{ tip ledger.Tip }

// Error gives the end of the peer's chain, which tells whether it is behind.
func (e *noIntersectError) Error() string {
	return fmt.Sprintf("its chain has none of the points to start at, and ends at %v", e.tip)
}

// Unwrap returns [ErrNoIntersect].
func (e *noIntersectError) Unwrap() error { return ErrNoIntersect }

// UnfollowableError says that no peer can be followed, and that another attempt would
// fail, too: each peer failed with an error that is [node.Permanent], or has none of
// the points to start at ([ErrNoIntersect]).
type UnfollowableError struct {
	Peers []node.PeerError // in the order configured
}

// Error gives the reason of each peer.
func (e *UnfollowableError) Error() string {
	var b strings.Builder
	b.WriteString("follow: no peer can be followed")
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

// blame makes a peer's fault out of what the core found.
func blame(err error) error {
	// In which of the two states a header came makes no difference.
	v := &protocol.ViolationError{Protocol: "chain-sync", State: "StCanAwait or StMustReply", Message: "MsgRollForward", Err: err}
	var unavailable *chain.UnavailableError
	var wrong *chain.RangeError
	var intersection *chain.IntersectionError
	switch {
	case errors.As(err, &unavailable):
		v.Protocol, v.State, v.Message = "block-fetch", "StBusy", "MsgNoBlocks"
	case errors.As(err, &wrong), errors.As(err, new(*chain.InvalidBlockError)):
		v.Protocol, v.State, v.Message = "block-fetch", "StStreaming", "MsgBlock"
	case errors.As(err, &intersection):
		v.State, v.Message = "StIntersect", "MsgIntersectFound"
	}
	return v
}
