// Package testnode has a network in memory for tests, whose bearers have no buffer.
package testnode
