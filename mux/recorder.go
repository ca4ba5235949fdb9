package mux

import "net"

// Recorder gets all bytes of one connection as they are on the wire, the
// heads of the segments included. Package trace has one.
//
// Its methods are called by the goroutines that move the bytes, so they must
// not wait for anything. Received and Sending may overlap each other and Ended;
// neither overlaps itself.
type Recorder interface {
	// Received gets what was read, whether it is right or wrong, before
	// anything comes of it. p is only valid during the call.
	Received(p []byte)

	// Sending gets whole segments that are about to be written at once. bufs
	// and what is in it must not be changed and is only valid during the call.
	Sending(bufs net.Buffers)

	// Ended is called once, with the reason that [Mux.Err] returns. Received and
	// Sending may still be called later, for bytes that have no effect.
	Ended(err error)
}
