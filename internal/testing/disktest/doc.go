// Package disktest has a file system in memory for tests of what survives a crash,
// and of what happens when the disk fails. It keeps the promises of package disk and
// no others.
//
// Start with [Crashes] and [Faults]: they run a test at each operation of an [FS].
//
// # The model
//
// Each file has what was last synced, and a list of changes since: writes and
// truncations. Each folder has the names that were last synced, and a list of names
// made, renamed and removed since. A crash picks from all lists of all files and
// folders any changes at all: they are applied in the order in which they were made,
// the others never happened. So changes to one file may survive those made before them,
// or made to another one. A write may survive in part: its first bytes, its last
// bytes, or as zeros that only lengthen the file. A rename happened or not, also from one folder to
// another; it lasts when the folder of the new name is synced. A synced file whose
// name is not can be gone.
//
// That is more than any file system does, so what survives here survives there.
//
// A write that fails has written its first half. A Sync that fails synced nothing,
// and the changes that were to be synced stay uncertain, whatever Sync returns later.
// What else fails has done nothing.
//
// Left out: modes and times of files, links, folders that are renamed.
package disktest
