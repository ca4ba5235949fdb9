// Package peer is a third-party node for tests: a server that serves a chain
// from memory and a client that takes it, both made of
// github.com/blinklabs-io/gouroboros and nothing of ours but the plain values
// of package ledger.
//
// Start with [Listen] and [Dial]. Everything runs on real sockets and ends
// when closed; no goroutine of this package outlives [Server.Close] and
// [Client.Close].
package peer
