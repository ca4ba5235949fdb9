// Package sim plays networks of nodes from a seed: the decision cores of this
// module, joined by a model of connections, on an event heap in virtual time.
// There is no goroutine, clock or global randomness, so that a seed and a
// [Scenario] give the same run everywhere, and a failure is one command line.
//
// Nodes run a [chain.Core] each, serve what they adopted to others, and
// exchange transactions through the windows of tx-submission. Peers are
// scripted: honest, slow, forking, resetting, silent, withholding or lying. Faults
// cut connections, hold them up, part nodes from the network and restart them from
// what they saved. Oracles watch all of it and know nothing of how a core
// decides; see [Oracles].
//
// What happens from outside in a run is drawn before it starts, as a [Plot]; the
// same can be played with real nodes.
//
// Start with [Run] and one of [Scenarios]; what fails is made smaller by
// [Shrink].
//
// Left out on purpose: bytes, segments and the tables of the mini-protocols,
// which are checked by package conformance and over real connections. Headers
// are made up and not signed: what is checked of a signature is one bit here.
package sim
