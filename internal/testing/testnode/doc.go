// Package testnode is an upstream node for tests and demonstrations: a [Chain]
// that grows, rolls back and switches forks when told to, served by package
// node, with [Hooks] for lies, and a [Net] that joins nodes in memory.
package testnode
