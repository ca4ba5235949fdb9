// Package conform runs the conformance suite against a node over TCP.
//
// It connects as an initiator, often, and takes the transitions of every
// mini-protocol that an initiator can bring about; breaks each mini-protocol in
// every state and way to see whether the node ends the connection; and is
// silent to see when it does. [Run] returns a [Report].
//
// Nothing it offers is harmful, but a node may well think less of a peer that
// behaves so: use it on nodes of your own.
//
// [Listen] looks at the other half, the node's initiators, on connections that
// the node makes.
//
// What is left out: whatever blocks and transactions mean.
package conform
