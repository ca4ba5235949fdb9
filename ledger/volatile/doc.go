// Package volatile keeps blocks that can still be rolled back in a folder of
// cardano-node's form: the last k blocks of the chain, and forks that were left or
// may be switched to.
//
// The folder holds files blocks-N.dat, each with at most 1,000 blocks back to back, as
// they are in chunk files: [tag, block]. There is no index, no order among blocks, and
// no file is ever changed in place: a block is appended to the file with the highest
// number, or to a new one when that is full, and a file is removed as a whole. Numbers
// compare as numbers; files with other names are ignored. (ouroboros-consensus,
// Storage/VolatileDB/Impl.hs and Impl/State.hs)
//
// Start with [Open]. A [DB] keeps at most 200 bytes of memory for each block.
//
// The caller's duties:
//
//  1. Lock the folder, and make sure of the network: by the marker that
//     cardano-node keeps, or by the blocks in the ImmutableDB beside it.
//  2. Put a block only after [ledger.Block.CheckBody]: a block that does not pass would
//     be cut off, with all blocks after it, when the folder is opened again.
//  3. Call [DB.Sync] before you announce blocks that must not be lost, once for as many
//     blocks as possible.
//  4. [DB.Drop] immutable blocks, after they were synced elsewhere, and abandoned ones.
//     Dropped blocks may reappear after a restart.
//
// # What a crash loses
//
// When the process ends, no block is lost for which [DB.Put] returned. When the machine
// stops, no block is lost that was put before the last [DB.Sync] that returned nil;
// blocks put since may be lost, in any order. They can be fetched again. Sync costs one
// fsync, none when nothing was put since the last one, and one more for each file that
// was begun, and for the names of files that were begun or removed. cardano-node itself
// syncs nothing here.
//
// # A folder that is opened
//
// Each file is read, in the order of the numbers, and ends before the first block that
// is not whole, is malformed, does not have the body that its header names, or is
// already there, in the same file or one before. The rest is cut off; [DB.Cuts] lists
// the cuts. cardano-node cuts by the same rules, but checks bodies only after it was
// not stopped cleanly, and then signatures too, which are the caller's task here. After
// a crash as above, only unsynced blocks are cut off. A second opening cuts nothing.
//
// The first Sync forces blocks to the disk that an earlier process had not synced.
//
// Dropping is not synced: a removed file may reappear until the next Sync has returned
// nil. Sync forces removals, too, because dropped blocks may be put again, and would be
// cut off if the old ones came back. A block that moves, see [DB.Drop], is synced in
// its new file before the old one goes, and nothing is put behind it before that lasts.
//
// A Sync that failed is the one thing that opening the folder again cannot mend: the
// blocks that it was for can be read until the machine stops, and may then be lost with
// all that follows them in the file. Stop, and look at the disk.
//
// A block of an era that is not known is a [*ledger.UnknownEraError], and nothing is
// cut.
//
// # Beside one another
//
// One goroutine at a time writes; any number reads meanwhile. A block can be read as
// soon as Put returned, until it is dropped. No reader waits for a write or a sync, and Put
// does not wait for Sync, only for files that Drop removes or merges;
// Drop waits for reads under way in files that it removes. At most four files are
// open, however many there are and read from: a reader of a fifth waits until one of
// the others is not being read.
//
// Not stable yet: a minor version may change this package. See docs/compatibility.md.
package volatile
