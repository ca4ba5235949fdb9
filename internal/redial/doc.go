// Package redial says how long to wait before a peer is connected to again. It
// has no clock and draws nothing, so that a node and a simulation of it do the
// same.
//
// Start with [Pauses].
package redial
