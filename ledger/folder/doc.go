// Package folder opens the folder in which a node keeps its chain: the database
// folder of cardano-node, which a relay uses as it is.
//
//	protocolMagicId  the network magic as decimal text
//	lock             locked while a process has the folder open
//	clean            empty; there if the last one closed it with everything in order
//	immutable/       the part of the chain that is never rolled back: package immutable
//	volatile/        the blocks after it, with their forks: package volatile
//	ouronet.*        files of ours, which cardano-node leaves alone
//	ledger/, gsm/    files of cardano-node, which we leave alone
//
// (ouroboros-consensus, Node/DbMarker.hs, Node/DbLock.hs, Node/Recovery.hs and
// Storage/ChainDB/Impl/Args.hs; operator, 4)
//
// Start with [Open], which refuses a folder of another network, one that another
// process has open, and one that is not a node's, and which moves the chunk files of a
// folder as earlier relays had it. [Locate] finds the chunk files for those who only read.
//
// The caller's duties:
//
//  1. Call [Folder.Begin] before what is in the folder is opened to be written: that may
//     repair it.
//  2. Call [Folder.Close] when that is closed again, and say whether all is in order.
//
// Nothing is ever removed or changed whose name is not in the list above, and nothing in
// ledger/ and gsm/. A crash at any moment, of the machine, too, leaves a folder that the
// next [Open] takes up where it was.
//
// Not stable yet: a minor version may change this package. See docs/compatibility.md.
package folder
