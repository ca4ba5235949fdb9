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
// What leaves first is a matter of the [Class] of a channel: small messages and
// headers go before transactions, these before blocks, by weights. A message of
// class Control that finds no other waiting goes behind what the kernel has not
// sent (16 KiB where it can be told, on Linux and Darwin), a batch that is being
// written (32 KiB, and up to a segment more), and a segment of each other class:
// 90 kB at most, 36 ms at 20 Mbit/s.
//
// What bounds memory: a channel holds at most its protocol's ingress limit of
// bytes nobody has looked at, plus one message of at most the state's limit, in
// buffers that may be up to twice as large; sending waits for what would make it more than
// [Class.EgressMark] bytes of a class that are not written. The reader never waits for a channel,
// so a slow mini-protocol cannot hold up another; a peer that sends more than
// the ingress limit allows is cut off. A Mux that waits for its peer holds no
// read buffer over TCP, where the system can tell when there is something to
// read, and one of 4 KiB otherwise.
//
// Rules follow the multiplexing chapter of the network specification and the
// running code of ouroboros-network d80f488c8 (2026-07-24).
package mux
