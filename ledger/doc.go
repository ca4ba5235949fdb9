// Package ledger holds the values that Cardano's node-to-node protocols carry
// and what can be read from them: points and tips, headers, blocks and
// transactions of every era from Byron to Dijkstra, and the networks they are of.
// Comments name the sources of rules; docs/architecture.md tells which they are.
//
// Start with a [Network]: [Mainnet], [Preprod], [Preview] or one from
// [LoadNetwork]. [Network.ParseHeader] reads what chain-sync brings,
// [Network.ParseBlock] what block-fetch brings.
//
// All hashes are over the bytes that came, so nothing is ever encoded again: a
// [RawHeader], [RawBlock] or [RawTx] is those bytes, and parsed values point
// into them. The caller's duties:
//
//  1. Do not change bytes that were parsed.
//  2. A header parsed out of a block keeps the block's memory alive; copy
//     Raw.Bytes first to keep the header alone.
//  3. Parsing checks shape, not truth. [Block.CheckBody] checks a body against
//     its header; signatures and proofs are for package ledger/praos, the place
//     in the chain is for package chain.
//
// What is of a later era is an [*UnknownEraError]: the network is ahead of this
// version. Left out on purpose: what transactions mean, ledger state, and Leios
// and Peras beyond what headers and blocks of Dijkstra hold of them.
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package ledger
