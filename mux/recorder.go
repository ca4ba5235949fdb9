package mux

import "net"

// Recorder gets all bytes of one connection as they are on the wire, the
// heads of the segments included. Package trace has one.
//
// The goroutines that move the bytes call its methods, which must not block. Received
// and Sending may overlap each other and Ended; neither overlaps itself.
type Recorder interface {
	// Received gets the bytes that were read, valid or not, before they are processed.
	// p is only valid during the call.
	Received(p []byte)

	// Sending gets whole segments that are about to be written at once. bufs
	// and what is in it must not be changed and is only valid during the call.
	Sending(bufs net.Buffers)

	// Ended is called once, with the reason that [Mux.Err] returns. Received and
	// Sending may still be called later, for bytes that have no effect.
	Ended(err error)
}
