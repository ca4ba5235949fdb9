// Package relay is a Cardano relay: it follows upstream nodes, keeps their
// chain, and serves it to other nodes.
//
// Start with [New] and [Relay.Run]; [Relay.Submit] queues a transaction of one's
// own. The program in examples/relay is this package with flags and a status line.
//
// It is a composition: package node follows and serves, package chain decides,
// ledger/immutable stores. What is here is the store between them, which holds
// the newest blocks in memory and older ones in a folder, and a bounded queue
// of transactions on their way upstream.
//
// Headers are verified before anything is fetched because of them, unless
// [Config].NoVerify is set, and bodies must match their headers. Who has stake is
// not known, nor are ledger rules: anybody can make a chain that passes. So a
// relay must be given upstream nodes that can be trusted not to invent one.
package relay
