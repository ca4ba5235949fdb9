// Package relay is a Cardano relay: it follows upstream nodes, keeps their
// chain, and serves it to other nodes.
//
// Start with [New] and [Relay.Run]; [Relay.Submit] queues a transaction of your
// own. The program in examples/relay is this package with flags and a status line.
//
// It joins other packages: node/follow follows, node serves, chain decides,
// ledger/immutable stores. Its own parts are the store between them, with the newest
// blocks in memory and older ones in a folder, and a bounded queue of transactions on
// their way upstream.
//
// The relay verifies headers before it fetches their blocks, unless [Config].NoVerify is
// set, and bodies must match their headers. It does not know who has stake, and checks no
// ledger rules, so anyone can make a chain that passes: let it follow only nodes that you
// trust.
//
// Not stable yet: a minor version may change this package. See docs/compatibility.md.
package relay
