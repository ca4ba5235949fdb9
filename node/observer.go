package node

import (
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// Observer is told what happens, by functions of which each may be nil. They must
// not block, and may overlap, but for those about one connection as said. The zero
// Observer costs nothing. docs/observing.md lists them, beside what [Conn.Stats] has.
type Observer struct {
	// Connected is told of each connection before [Dial] or [Handshake] returns it,
	// and of each that [Serve] accepts ([Conn.Dialled] tells which) once it has a
	// place. It may use the connection.
	Connected func(*Conn)

	// Closed is told of each of them once, by [Conn.Close], when nothing of it runs any
	// more; [Conn.Err] says why. Serve and package follow close theirs.
	Closed func(*Conn)

	// RoundTrip is told the time of each keep-alive, between Connected and Closed.
	RoundTrip func(*Conn, time.Duration)

	// Lost is told by package follow why a connection to one of its Peers ended or
	// could not be made, and the time until the next attempt. Without Lost, that is
	// logged.
	Lost func(address string, err error, retry time.Duration)

	// Stopped is told by package follow why the chain of a peer is not followed
	// although it is connected, and the time until it is tried again. Without
	// Stopped, that is logged.
	Stopped func(address string, err error, retry time.Duration)

	// Judged is told by package follow what its Judge has returned about a block, and
	// how long that took.
	Judged func(block ledger.Point, took time.Duration, err error)
}

// tellConnected tells the Observer of a connection, and Close to tell of its end.
func (c *Conn) tellConnected() {
	c.told.Store(true)
	if f := c.cfg.Observer.Connected; f != nil {
		f(c)
	}
}

// tellClosed tells the Observer of the end of a connection that it was told of.
func (c *Conn) tellClosed() {
	if f := c.cfg.Observer.Closed; c.told.Swap(false) && f != nil {
		f(c)
	}
}
