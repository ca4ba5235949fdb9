// Package node joins the mini-protocols into connections to Cardano nodes.
//
// Start with [Dial], which gives a [Conn] with the initiator of every mini-protocol
// ready; [Serve] accepts connections and answers from your [Sources]. To follow the
// chain of several nodes, across reconnects, use package follow.
//
// [Conn.Heat] runs chain-sync, block-fetch and tx-submission on a connection for a
// while, whichever side opened it. [Conn.Leave] ends our use of a connection and keeps
// it open for the peer. [Protocol] is a mini-protocol of your own that runs beside the
// standard ones.
//
// Duties of the caller:
//
//  1. Say which network: [Config].Network has no default.
//  2. Close every [Conn]; an error that is a [PeerError] says which peer it was.
//  3. One goroutine at a time uses one initiator: a second one gets
//     protocol.ErrInUse. Different initiators of a connection are independent
//     of each other.
//
// Unread bytes of a peer that only asks never exceed 170 kB: a request for an
// intersection of 65,535 bytes, the transactions that we asked for, and some. Bytes
// queued for it never exceed 32 KiB of small messages and headers, and one block after
// 24 KiB of smaller ones. In total, goroutines included, a peer can make a connection
// that we do not use hold 335 kB without end if blocks have the largest size and are
// read for it alone, 220 kB if blocks are in memory anyway; and 405 kB for at most 10
// s, while transactions that we asked for arrive. Read-ahead of a Source comes on top:
// with package relay and a folder, 64 KiB of blocks, 7 kB of an index and 64 headers,
// and 16 MiB for all connections together.
//
// Unread answers to our requests never exceed 27 MB, nearly all of them blocks: the sum
// of the ingress limits and the largest messages, in buffers that are a third larger.
// Only a peer that is about to be cut off comes near it. A quiet connection needs about
// 30 kB.
//
// The rules of the mini-protocols are in packages handshake, chainsync and so on.
//
// docs/guide has complete programs: docs/guide/README.md lists them.
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package node
