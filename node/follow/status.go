package follow

import (
	"errors"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// Status is the state of an [Engine] or a [Follower] between two steps of the
// decisions. All of it is of one moment.
type Status struct {
	// Tip is the end of the chain that was decided on. The loop over the events may be
	// behind it by Sizes.Backlog bytes of blocks.
	Tip ledger.Tip

	Best  ledger.Tip // the end of the best candidate, or Tip if none is better
	Sizes Sizes
	Peers []PeerStatus // in the order of Config.Peers, or that they were attached in

	// Stuck is why no peer can be followed, an [*UnfollowableError], while
	// [Config].Persist waits for that to change; else nil.
	Stuck error
}

// Sizes says how much is held and waited for.
type Sizes struct {
	Peers       int // that are followed, or were asked where to start
	SideHeaders int // headers neither of our chain nor once of it
	OldForks    int // blocks that were of our chain and are no longer
	InFlight    int // bytes of blocks asked for, estimated
	Spare       int // of InFlight, of blocks that are there or asked of others, too
	Held        int // bytes of blocks held and not of our chain
	Backlog     int // bytes of blocks that were decided on and not yet yielded
	Missing     int // blocks between our chain and the end of the best candidate

	// With Config.Judge.
	Judging  int // blocks that the judge is asked about: 1 or 0
	Deferred int // blocks that it will be asked about again, see LaterError
	Invalid  int // blocks that it found invalid, those that are remembered
}

// PeerStatus is the state of one of the peers that are followed.
type PeerStatus struct {
	Address   string     // as configured
	Connected bool       // the handshake is done and the connection up
	Announced bool       // the peer has told its tip on this connection
	Tip       ledger.Tip // as the peer announced it last; not to be trusted
	Reached   ledger.Tip // the last header that came, zero if none did since an intersection or a rollback
	Heard     time.Time  // when a header came that was higher than all before it, or the connection began
	Conn      *node.Conn // nil if not Connected
	Stopped   error      // why its chain is not followed for now, though connected
	Err       error      // why the last attempt or connection ended
	Attempts  int        // that failed since a connection that lasted

	// What the decisions know of the peer; zero if they know none on this connection.
	// Headers reach them once they are verified, so Candidate may be behind Reached.
	Following bool       // an intersection was found and chain-sync goes on
	Candidate ledger.Tip // of the headers that it sent, while Following
	Credit    int        // headers that it may still send
	Ranges    int        // of blocks, asked for
	InFlight  int        // bytes of them to come, estimated
}

// Status returns the present state, in a copy that is the caller's. It waits for at most
// the step of the decisions under way, never for the network. It may be called at any
// time from any goroutine, also by an Observer.
func (e *Engine) Status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := Status{Tip: e.core.Tip(), Best: e.core.Best(), Sizes: Sizes(e.core.Stats()), Peers: make([]PeerStatus, len(e.peers))}
	for i, u := range e.peers {
		s.Peers[i] = u.status()
	}
	if e.stuck != nil {
		s.Stuck = e.stuck
	}
	return s
}

// Status returns the present state of the current run or the last one, the zero Status
// before one: see [Engine.Status].
func (f *Follower) Status() Status {
	f.mu.Lock()
	e := f.engine
	f.mu.Unlock()
	if e == nil {
		return Status{}
	}
	return e.Status()
}

// Peers returns the present state of every peer, as in Status.
func (f *Follower) Peers() []PeerStatus { return f.Status().Peers }

// String describes the state of the peer in one line.
func (s PeerStatus) String() string {
	switch {
	case s.Connected && s.Stopped != nil:
		return fmt.Sprintf("%s is connected, its chain is not followed: %v", s.Address, s.Stopped)
	case s.Connected && s.Announced:
		return fmt.Sprintf("%s is connected, its chain ends at %v", s.Address, s.Tip)
	case s.Connected:
		return s.Address + " is connected and has not said where its chain ends"
	case s.Err != nil:
		why := s.Err
		if peer := (*node.PeerError)(nil); errors.As(why, &peer) {
			why = peer.Err
		}
		return fmt.Sprintf("%s is not connected: %v", s.Address, why)
	}
	return s.Address + " is not connected yet"
}
