package follow

import (
	"errors"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// Status is the state of an [Engine] or a [Follower] between two steps of the
// decisions. All of it is of one moment.
type Status struct {
	// Tip is the end of the chain that was decided on. The loop over the events may be
	// behind: Chain.Backlog counts the bytes of blocks between.
	Tip ledger.Tip

	Best  ledger.Tip   // the end of the best candidate, or Tip if none is better
	Chain chain.Stats  // how much is held and waited for, also of the [Judge]
	Peers []PeerStatus // in the order of Config.Peers, or that they were attached in

	// Stuck is why no peer can be followed, an [*UnfollowableError], while
	// [Config].Persist waits for that to change; else nil.
	Stuck error
}

// PeerStatus is what is known of one of the peers that are followed.
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

	// Chain is what the decisions know of the peer; zero if they know none on this
	// connection. Headers reach them once they are verified, so Chain.Candidate may be
	// behind Reached.
	Chain chain.PeerStatus
}

// Status returns the present state, in a copy that is the caller's. It waits for at most
// the step of the decisions under way, never for the network. It may be called at any
// time from any goroutine, also by an Observer.
func (e *Engine) Status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := Status{Tip: e.core.Tip(), Best: e.core.Best(), Chain: e.core.Stats(), Peers: make([]PeerStatus, len(e.peers))}
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

// Peers returns the present state of every peer: those of Status.
func (f *Follower) Peers() []PeerStatus { return f.Status().Peers }

// String says in one line what a peer does for us, or why it does nothing.
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
