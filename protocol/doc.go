// Package protocol runs Ouroboros mini-protocols from tables.
//
// A mini-protocol is a [Spec]: states, who has agency in each, the messages that lead
// on, and size and time limits of the next message. A [Machine] follows a Spec from
// either side and knows only the table. A [Session] joins a Machine to a [Transport]
// and enforces what the table says. Two drivers then serve every protocol: the side
// that asks uses [Session.Exchange] and [Session.Pipeline], the side that answers uses
// [Serve]. Asking and answering are roles in the conversation, not ends of the
// connection: in tx-submission it is the responder that asks.
//
// Start with a package that has a Spec already, such as chainsync. To add a
// mini-protocol of your own, write its messages and its table: docs/guide/mini-protocol.md
// does that, and tests them.
//
// Duties of the caller:
//
//  1. One goroutine at a time uses a Session.
//  2. A [ViolationError] is the peer's fault and final: close the connection.
//  3. Messages handed out belong to the caller. Messages handed in may be
//     borrowed until they are sent, see [Body].
//
// Left out on purpose: connections and goroutines (package mux), and anything that only
// one mini-protocol needs.
//
// Rules follow the Ouroboros network specification as read from
// ouroboros-network d80f488c8 (2026-07-24); where the text and the running
// code disagree, the code.
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package protocol
