// Package stack plays the plots of package sim with real nodes: relays of
// package node/relay over a virtual network. In lockstep a plot gives the same
// run each time, segment by segment and step by step of every decision core;
// freely it gives another one each time, which oracles judge all the same. It is
// for tests: call [Play] in a bubble of testing/synctest.
//
// Each node of the plot is a relay. Scripted peers are served by package node
// and lie, withhold and change their chains by themselves. Blocks have the tree,
// slots and sizes of the plot's and are real ones otherwise.
//
// Played as well as the real stack allows: a connection that is delayed is held
// up for some seconds; a restart keeps what the relay's folder has, which is all
// but the last k blocks, and a bare one keeps nothing; transactions go upstream
// only, as relays pass them on in that direction.
package stack
