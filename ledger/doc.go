// Package ledger holds the values that Cardano's node-to-node protocols carry and what
// can be read from them: points and tips, headers, blocks and transactions of every era
// from Byron to Dijkstra, and the networks they are of. Comments name the sources of
// rules; docs/architecture.md lists the sources.
//
// Start with a [Network]: [Mainnet], [Preprod], [Preview] or one from [LoadNetwork].
// [Network.ParseHeader] reads headers from chain-sync, [Network.ParseBlock] blocks from
// block-fetch.
//
// All hashes are over the bytes as received, so data is never encoded again: a
// [RawHeader], [RawBlock] or [RawTx] is those bytes, and parsed values point into them.
// The caller's duties:
//
//  1. Do not change bytes that were parsed.
//  2. A header parsed out of a block keeps the block's memory alive; copy
//     Raw.Bytes first to keep the header alone.
//  3. Parsing checks the shape alone. [Block.CheckBody] checks a body against its
//     header; signatures and proofs are for package ledger/praos, the place in the
//     chain is for package chain.
//
// Data of a later era gives an [*UnknownEraError]: the network is ahead of this
// version. Left out on purpose: the contents of transactions, ledger state, and Leios
// and Peras beyond what headers and blocks of Dijkstra hold of them.
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package ledger
