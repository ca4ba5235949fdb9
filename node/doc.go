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
// What a peer sent and nobody has taken yet is at most the sum of its channels'
// ingress limits and largest messages: 27 MB of answers if we ask, nearly all of
// it block-fetch's, and 4.1 MB if the peer asks, nearly all of it transactions,
// in buffers that are a third larger. Only a peer that is about to be cut off
// comes near it. While a connection is quiet, it needs about 30 kB.
//
// No rule of a mini-protocol is here: those are in packages handshake,
// chainsync and so on, and which blocks to fetch from whom is in package chain.
package node
