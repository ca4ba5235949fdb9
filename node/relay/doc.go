// Package relay is a Cardano relay: it follows upstream nodes, keeps their
// chain, and serves it to other nodes.
//
// Start with [New] and [Relay.Run]. The program in examples/relay is this
// package with flags and a status line.
//
// It is a composition: package node follows and serves, package chain decides,
// ledger/immutable stores. What is here is the store between them, which holds
// the newest blocks in memory and older ones in a folder, and a bounded queue
// of transactions on their way upstream.
//
// What a relay of this version does not do: it checks that headers follow each
// other and that bodies match their headers, but no signatures and no ledger
// rules. So it must be given upstream nodes that can be trusted not to invent a
// chain.
package relay
