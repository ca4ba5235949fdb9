// Package chaintest is for tests of programs that use this module: chains made
// from a seed, and peers that serve them, honest ones and others.
//
// Start with [New] and [Serve]:
//
//	chain := chaintest.New(chaintest.Config{}).Grow(10)
//	peer := chaintest.Serve(chaintest.Peer{Chain: chain})
//	defer peer.Close()
//
// Now a node with ten blocks listens at peer.Addr, and a node.Config with the
// network [Chain.Network] connects to it. [Chain.Grow], [Chain.RollBack] and
// [Chain.Switch] change the chain while it is served.
//
// A [Peer] has fields for what is wrong with it: it takes its time (Delay), drips
// the bytes of blocks (Drip), or changes its answers (Hooks; [Withhold],
// [NoBlocks] and [WrongBody] are ready to use). Several peers can serve one
// chain. With Peer.Host they are on a virtual network of package vnet, where a
// test in a bubble of testing/synctest takes no time.
//
// The same [Config] gives the same chain, on any machine. Layout, links,
// numbers, slots, body sizes and body hashes of the blocks are right, in any
// era. Keys, proofs and signatures are arbitrary bytes of the right length,
// unless [Config.Signed] asks for real ones. Transactions have inputs, outputs,
// fees, witnesses and metadata of the right form; they spend outputs that never
// existed.
//
// Duties of the caller:
//
//  1. Close each [Server]; inside a bubble, before the test ends.
//  2. Do not ask for more than there is: methods of [Chain] that take a number of
//     blocks panic if the chain has fewer.
//
// Not stable yet: names and signatures may change with any version before 1.0,
// and the blocks that a seed gives may change with any version, since they
// follow the newest era.
package chaintest
