// Package nodetest is what the tests of package node and of package follow share:
// a network in memory with nodes on it, a loop that follows, peers that write
// segments by hand, and what bad peers do.
package nodetest
