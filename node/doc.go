// Package node joins the mini-protocols into connections to Cardano nodes.
//
// Start with [Dial], which gives a [Conn] with the initiator of every
// mini-protocol ready; [Serve] accepts connections and answers from your
// [Sources]; [Follow] keeps to the chain of several nodes, across reconnects,
// and is what most programs want.
//
// Duties of the caller:
//
//  1. Say which network: [Config].Network has no default.
//  2. Close every [Conn]; an error that is a [PeerError] says which peer it was.
//  3. One goroutine at a time uses one initiator. Different initiators of a
//     connection are independent of each other.
//
// A connection holds at most the sum of its protocols' ingress limits and
// largest messages, 31 MB, and nearly nothing while it is quiet.
//
// No rule of a mini-protocol is here: those are in packages handshake,
// chainsync and so on, and which blocks to fetch from whom is in package chain.
package node
