// Package node joins the mini-protocols into connections to Cardano nodes.
//
// Start with [Dial], which gives a [Conn] with the initiator of every
// mini-protocol ready; [Serve] accepts connections and answers from your
// [Sources]. To keep to the chain of several nodes, across reconnects, use package
// follow below.
//
// [Conn.Heat] heats and cools a connection, whichever side opened it; [Conn.Leave]
// leaves it to the peer. [Protocol] is a mini-protocol of your own that runs beside
// the standard ones.
//
// Duties of the caller:
//
//  1. Say which network: [Config].Network has no default.
//  2. Close every [Conn]; an error that is a [PeerError] says which peer it was.
//  3. One goroutine at a time uses one initiator: a second one gets
//     protocol.ErrInUse. Different initiators of a connection are independent
//     of each other.
//
// Unread bytes of a peer that only asks are at most 170 kB: a request for an
// intersection of 65,535 bytes, the transactions that we asked for, and some.
// What we send to it is at most 32 KiB of small messages and headers, and one
// block after 24 KiB of smaller ones. All in all, goroutines included, a
// connection that we do not use holds 335 kB for as long as the peer likes if
// the blocks are the largest there are and read for it alone, 220 kB if blocks
// are in memory anyway; and 405 kB while transactions that we asked for are on
// their way, for at most 10 s. What a Source reads ahead comes on top: with those
// of package relay 64 KiB of blocks, 7 kB of an index and 64 headers, if they are in a
// folder, and 16 MiB for all connections together.
//
// If we ask, answers take up to 27 MB, nearly all of them blocks: the sum of the
// ingress limits and the largest messages, in buffers that are a third larger. Only a
// peer that is about to be cut off comes near it. A quiet connection needs about 30 kB.
//
// The rules of the mini-protocols are in packages handshake, chainsync and so on.
//
// docs/guide has complete programs: docs/guide/README.md lists them.
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package node
