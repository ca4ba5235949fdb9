package node

import (
	"time"

	"github.com/ouronet/ouronet/internal/lifecycle"
	"github.com/ouronet/ouronet/mux"
)

// State says which mini-protocols our side runs as the side that asks. It says nothing
// about the requests of the peer.
type State uint8

// The states. From each, the next one may be Closed.
const (
	Cold    State = iota // nothing runs: the peer opened the connection, or our side left it
	Warm                 // keep-alive, and peer-sharing if it was agreed on
	Heating              // a [Spell] begins
	Hot                  // a Spell runs: chain-sync, block-fetch and tx-submission, too
	Cooling              // the Spell ends with the Done of each, within 300 s
	Leaving              // keep-alive and peer-sharing end, within 120 s
	Closed               // the connection has ended
)

// String is in lower case, as in logs.
func (s State) String() string {
	return [...]string{"cold", "warm", "heating", "hot", "cooling", "leaving", "closed"}[s]
}

// states are those of the life cycle.
var states = map[lifecycle.State]State{
	lifecycle.StFresh: Cold, lifecycle.StWarm: Warm, lifecycle.StHeating: Heating, lifecycle.StHot: Hot,
	lifecycle.StCooling: Cooling, lifecycle.StEnding: Leaving, lifecycle.StClosed: Closed,
}

// Stats has the counters and queues of a connection; docs/observing.md lists the
// fields.
type Stats struct {
	State State
	Since time.Time     // when State began
	RTT   time.Duration // of the last keep-alive, 0 before the first

	// Protocols are the mini-protocols that were agreed on, those of
	// [Config].Protocols included, each in the roles that our side has in it: by
	// number, and of two roles the initiator's first. The handshake is not counted.
	Protocols []mux.ChannelStats
}

// Stats returns the present counters, or the last ones of a connection that has ended.
// Counting allocates nothing; each call allocates one slice.
func (c *Conn) Stats() Stats {
	c.mu.Lock()
	s := Stats{State: states[c.life.machine.State()], Since: c.life.since}
	c.mu.Unlock()
	if at := c.mux.EndedAt(); !at.IsZero() {
		s.State, s.Since = Closed, at
	}
	s.RTT, s.Protocols = c.RTT(), c.mux.Stats()
	return s
}
