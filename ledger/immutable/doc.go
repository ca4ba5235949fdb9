// Package immutable reads and appends to ImmutableDB folders, the files in
// which cardano-node keeps the part of the chain that is never rolled back and
// which Mithril snapshots hold.
//
// A folder is cut into chunks of as many slots as a Byron epoch has (10 k).
// Chunk n has three files: NNNNN.chunk is the blocks back to back,
// NNNNN.secondary has 56 bytes for each block (where it is, its CRC-32, hash
// and slot), and NNNNN.primary finds a slot in the secondary file. The blocks
// are those of block-fetch: [tag, block].
//
// Start with [Open] to read and with [OpenAppend] to append. A [DB] holds no object per
// block: reading blocks takes the small index of one chunk and keeps the last ones, up
// to 10 MB in all, so that a folder of twelve million blocks costs a few megabytes. Two
// small reads find out whether a point is stored.
//
// A DB is a chainsync.Chain and a blockfetch.Source: with chainsync.NewSource, a node serves
// the folder.
//
// A sequence reads ahead, many blocks or headers at once: up to 32 KiB of blocks, or one
// block, and up to 128 KiB while no more than 8 MiB are read ahead like that for all
// sequences together; up to 64 KiB of headers. They share their memory. Beside it a
// sequence keeps up to 129 entries of the index, 7 kB, and no file stays open while its
// consumer has an element.
//
// The caller's duties:
//
//  1. Name the right [ledger.Network]: its k is the length of the chunks.
//  2. Append a block only when it cannot be rolled back any more, and after
//     [ledger.Block.CheckBody].
//  3. Never append to the folder of a running node. [OpenAppend] refuses if the node
//     holds its lock, and takes that lock otherwise.
//  4. Close the DB of [OpenAppend], or at least call [DB.Sync] at times: otherwise
//     blocks are forced to the disk at the end of a chunk only.
//
// # A folder that is being written, or was when the machine stopped
//
// The last chunk of a running node may end anywhere. For [Open], the tip is the last
// block that is complete, with its index entry; it ignores the bytes after that and
// changes nothing. [OpenAppend] removes the bytes after the tip, and checks more: all
// blocks of the last chunk are checked against their CRC-32, their hash and each other,
// and the first one that does not hold ends the chain. A chunk at the end without a
// good block is passed over, and so is the one before it, if it is not empty.
//
// A folder of another network than [Options] name is a [*NetworkError], by the marker
// that cardano-node keeps beside the folder or by the first block, and is not changed.
//
// A block of an unknown era is no damage: the error is a [*ledger.UnknownEraError], and
// nothing is removed.
//
// All other faults are a [*DamageError]; no block is ever skipped silently:
//
//   - Names and sizes of all files, the indexes of the last two chunks with
//     blocks and the link between these are checked when the folder is opened.
//   - When a chunk is first read from, its three files must fit each other, and its
//     first block must follow the last one of the chunks before. [DB.Contains] and
//     [DB.Intersect] need less: that the index entry of the slot is in its place.
//   - When a block or header is read, it must be what its index entry says and
//     follow the one before it; a block must have its CRC-32.
//
// Not stable yet: a minor version may change this package. See docs/compatibility.md.
package immutable
