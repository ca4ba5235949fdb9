// Package disk is what the stores do with files: a small interface, the operating
// system's implementation ([OS]), and [Replace], which replaces a small file as a
// whole. Package disktest has one in memory that fails and crashes where a test
// wants it to.
//
// What a store may rely on after a crash of the machine, and no more:
//
//   - What was in a file when [File.Sync] returned is there. What was written or
//     truncated since may be there wholly, partly or not at all, whatever became
//     of what was written before or after it; where a later write lengthened the
//     file, there may be zeros.
//   - A name that was made, renamed or removed is so for certain once
//     [SyncDir] of its folder returned. Before, each such change may have
//     happened or not; that a file was synced does not make its name last. A
//     rename has happened or not: there is always one of the two files.
//   - After an error of Sync what was written may be lost, also if a later Sync
//     returns nil.
//
// When only the process ends, all that it did is there.
//
// Locks are not part of it.
package disk
