// Package keepalive is the keep-alive mini-protocol (number 8): an initiator
// sends a cookie, the responder sends it back. It keeps connections open,
// finds dead ones, and measures round trips.
//
// Start with [Initiator.Run], or with [Initiator.Ping] for a single round
// trip. To answer, call [Respond].
//
// Duties of the caller:
//
//  1. Ping at least every 97 s: after that the peer ends the connection, however busy
//     the other mini-protocols are. Run does that.
//  2. Start keep-alive before the others: a connection without any running
//     mini-protocol is closed after a few seconds.
//
// Left out on purpose: conclusions from round-trip times. (relay-behaviour, 9)
//
// Rules follow the network specification and the running code of
// ouroboros-network d80f488c8 (2026-07-24).
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package keepalive
