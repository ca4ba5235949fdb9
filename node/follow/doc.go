// Package follow follows the chain of several nodes, across reconnects. Most programs
// start here.
//
// Start with [Follow], which yields blocks and rollbacks in one sequence;
// [NewFollower] is the same for those who also want to watch the peers. [Cursor]
// says where a program stands, so that it goes on there after a restart.
//
// Duties of the caller:
//
//  1. Say which network: the Network of [Config] has no default.
//  2. Save the point of the last event, and some older ones, to resume.
//
// Package chain decides which blocks to fetch from whom; connections are those of
// package node.
//
// A program that has a ledger refuses blocks with [Config].Judge: what follows one is given
// up then, whoever has it, and the next best chain taken.
//
// Left out on purpose: signatures and proofs of headers, unless [Config].Verifier
// checks them, and whatever is a ledger's, unless [Config].Judge knows it.
//
// docs/guide/database.md follows the chain into a database; docs/guide/errors.md says what
// ends a run and what to do.
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package follow
