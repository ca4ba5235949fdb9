// Package blockfetch is the block-fetch mini-protocol (number 3): an initiator
// asks for ranges of blocks, a responder streams them.
//
// Start with [Initiator.Fetch], which takes blocks whose headers are known
// already and asks for no more at a time than fits; [Initiator.Range] needs
// only the ends of a range, and node.Conn.Blocks does not mind how long the range
// is. To answer, implement [Source] and call [Respond].
//
// Duties of the caller:
//
//  1. Take blocks faster than they come, or use Fetch: what was asked for with
//     Range and not taken ends the connection with [ErrConsumerTooSlow].
//  2. A block is checked against what was asked for and its body against its
//     header. Whether the header is valid is another matter.
//  3. [ErrNoBlocks] is not the peer's fault: it may have switched to a fork.
//
// What is left out on purpose: which blocks to fetch from whom (package chain).
//
// Rules follow the network specification and the running code of
// ouroboros-network d80f488c8 (2026-07-24).
package blockfetch
