// Package txsubmission is the tx-submission mini-protocol (version 2, number
// 4), which carries transactions from initiator to responder.
//
// The initiator has the transactions and answers; the responder asks, first
// for ids, then for the transactions it wants. Ids that were announced stay in
// a window of at most ten until the responder acknowledges them.
//
// To send transactions to a peer, implement [Source] and call [Provide]. To receive
// them, implement [Sink] and call [Responder.Run], or ask step by step with
// [Responder.RequestTxIDs] and [Responder.RequestTxs].
//
// Duties of the caller:
//
//  1. A node that is still syncing cannot validate transactions: between
//     [Responder.Init] and the first request, wait until yours can. cardano-node waits
//     60 s.
//  2. Transactions are bytes, an era and an id that fits them. Check that they
//     are valid.
//  3. Announce a transaction once to each peer.
//
// Left out on purpose: a mempool, and the choice among several peers.
//
// Rules follow the network specification and the running code of
// ouroboros-network d80f488c8 (2026-07-24).
//
// docs/guide/transactions.md has complete programs for both sides.
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package txsubmission
