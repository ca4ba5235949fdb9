// Package peersharing is the peer-sharing mini-protocol (number 10): an
// initiator asks for addresses of peers, the responder gives some. It is there
// only if both sides negotiated it.
//
// Start with [Initiator.Request]. To answer, implement [Source] and call
// [Respond].
//
// Duties of the caller:
//
//  1. Take an address for a hint. Peers make mistakes, some implementations
//     mix up the byte order, and nothing says that the address may be dialled:
//     look at it first.
//  2. Give only addresses that their owners allow you to share.
//  3. Do not ask again and again: cardano-node asks the same peer every 900 s.
//     (relay-behaviour, 3.5)
//
// What is left out on purpose: whom to ask, and which peers to give.
//
// Rules follow the network specification and the running code of
// ouroboros-network d80f488c8 (2026-07-24).
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package peersharing
