// Package blockfetch is the block-fetch mini-protocol (number 3): an initiator
// asks for ranges of blocks, a responder streams them.
//
// Start with [Initiator.Fetch], which takes blocks whose headers are known already
// and asks for no more at a time than fits; [Initiator.Range] needs only the ends of
// a range, and node.Conn.Blocks fetches ranges of any length. To answer, give [NewSource]
// your storage, a [Chain], or implement [Source], and call [Respond]; a node has
// node.Config.Sources for that.
//
// Duties of the caller:
//
//  1. Take blocks faster than they come, or use Fetch: if blocks of Range fill the
//     ingress buffer, the connection ends with [ErrConsumerTooSlow].
//  2. Validate headers. This package checks that a block is the one asked for, and
//     that its body matches its header.
//  3. [ErrNoBlocks] is not the peer's fault: it may have switched to a fork.
//
// Left out on purpose: the choice of blocks and peers (package chain).
//
// Rules follow the network specification and the running code of
// ouroboros-network d80f488c8 (2026-07-24).
//
// docs/guide/serving.md serves blocks of your own.
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package blockfetch
