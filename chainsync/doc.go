// Package chainsync is the chain-sync mini-protocol (number 2): a responder sends an
// initiator, header by header, its chain and the changes of it.
//
// Start with [Initiator]: ask for a known point with [Initiator.Intersect],
// then range over [Initiator.Updates]. To answer, give [NewSource] your storage, a
// [Chain], and call [Respond]; a node has node.Config.Sources for that. A [Source] of
// your own can answer whatever it likes.
//
// Duties of the caller:
//
//  1. Offer points from your own chain, best first, ending with an old one.
//  2. Expect a rollback as the first update after every intersection, even to
//     the point you are at.
//  3. Headers are bytes and an era. Check that they link and are valid.
//  4. A tip is only announced: it need not fit the header beside it.
//
// Left out on purpose: blocks (package blockfetch), and checks of headers (packages
// ledger and chain).
//
// Rules follow the network specification and the running code of
// ouroboros-network d80f488c8 (2026-07-24).
//
// docs/guide/serving.md serves a chain of your own.
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package chainsync
