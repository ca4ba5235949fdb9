// Package peersharing is the peer-sharing mini-protocol (number 10): an initiator asks
// for addresses of peers, the responder gives some. A connection has it only if both
// sides offered it in the handshake.
//
// Start with [Initiator.Request]. To answer, implement [Source] and call
// [Respond].
//
// Duties of the caller:
//
//  1. An address is a hint. Peers make mistakes, some implementations mix up the byte
//     order, and the address may be private: check it before you dial.
//  2. Give only addresses that their owners allow you to share.
//  3. Do not ask again and again: cardano-node asks the same peer every 900 s.
//     (relay-behaviour, 3.5)
//
// Left out on purpose: the choice of peers to ask and of addresses to give.
//
// Rules follow the network specification and the running code of
// ouroboros-network d80f488c8 (2026-07-24).
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package peersharing
