// Package mux carries several mini-protocols, each in both directions, over
// one bearer such as a TCP connection.
//
// Bytes travel in segments: eight bytes of header, then up to 65,535 bytes of
// one mini-protocol. A [Mux] has one goroutine that reads segments and one
// that writes them; a [Channel] is one mini-protocol in one role, and a
// protocol.Transport.
//
// Start with [New]. Run the handshake on [Mux.Handshake], declare the channels
// that the negotiated version has with [Mux.Channel] and [Mux.Respond], then
// call [Mux.Start]. End with [Mux.Close], which sends what is queued, or with
// [Mux.Fail], which does not.
//
// The [Class] of a channel decides by weights which bytes leave first: small messages
// and headers go before transactions, and transactions before blocks. If no other
// Control message waits, one leaves after the bytes that the kernel has not sent (16
// KiB where that can be set, on Linux and Darwin), after the batch that is being
// written (32 KiB, and up to a segment more), and after a segment of each other class:
// 90 kB at most, 36 ms at 20 Mbit/s.
//
// Memory has these bounds. A channel holds at most its mini-protocol's ingress limit of
// unread bytes, plus one message of at most the state's limit, in buffers that may be
// up to twice as large. Sending waits while more than [Class.EgressMark] bytes of a
// class are not written. The reader never waits for a channel, so a slow mini-protocol
// cannot delay another; a peer that exceeds the ingress limit loses the connection.
// While a Mux waits for its peer, it holds no read buffer over TCP, where the system
// reports when there is something to read, and one of 4 KiB otherwise.
//
// Rules follow the multiplexing chapter of the network specification and the
// running code of ouroboros-network d80f488c8 (2026-07-24).
//
// docs/guide/tuning.md has the bounds of a connection as a table.
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package mux
