package node

import (
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// Observer has functions that are called on events; each may be nil. They must not
// block, and may overlap; for one connection, Connected comes first and Closed last.
// The zero Observer costs nothing. docs/observing.md lists them, beside the numbers of
// [Conn.Stats].
type Observer struct {
	// Connected is called for each connection before [Dial] or [Handshake] returns it,
	// and for each that [Serve] accepts once it has a place; [Conn.Dialled] tells the
	// two apart. It may use the connection.
	Connected func(*Conn)

	// Closed is called once for each of them, by [Conn.Close], when nothing of it runs
	// any more; [Conn.Err] says why. Serve and package follow close their connections.
	Closed func(*Conn)

	// RoundTrip gets the time of each keep-alive, between Connected and Closed.
	RoundTrip func(*Conn, time.Duration)

	// Lost gets from package follow why a connection to one of its Peers ended or
	// could not be made, and the time until the next attempt. Without Lost, both are
	// logged.
	Lost func(address string, err error, retry time.Duration)

	// Stopped gets from package follow why it does not follow the chain of a peer that
	// is connected, and the time until it tries again. Without Stopped, both are
	// logged.
	Stopped func(address string, err error, retry time.Duration)

	// Judged gets from package follow the result of its Judge for a block, and the time
	// that it took.
	Judged func(block ledger.Point, took time.Duration, err error)
}

// tellConnected calls Connected, and has Close call Closed.
func (c *Conn) tellConnected() {
	c.told.Store(true)
	if f := c.cfg.Observer.Connected; f != nil {
		f(c)
	}
}

// tellClosed calls Closed, once, if Connected was called.
func (c *Conn) tellClosed() {
	if f := c.cfg.Observer.Closed; c.told.Swap(false) && f != nil {
		f(c)
	}
}
