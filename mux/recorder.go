package mux

import "net"

// Recorder is told all bytes of one connection as they are on the wire, the
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

	// Ended is called once, with the reason as [Mux.Err] tells it. A call of
	// the other two that comes later is about bytes that nobody looks at.
	Ended(err error)
}
