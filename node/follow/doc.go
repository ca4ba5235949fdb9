// Package follow follows the chain of several nodes, across reconnects. Most programs
// start here.
//
// Start with [Follow], which yields blocks and rollbacks in one sequence. [NewFollower]
// does the same and shows the state of the peers. [Cursor] is the position of a program
// in the sequence: save it to go on there after a restart.
//
// Duties of the caller:
//
//  1. Say which network: the Network of [Config] has no default.
//  2. Save the point of the last event, and some older ones, to resume.
//
// Package chain decides which blocks to fetch from which peer; connections are those of
// package node.
//
// A program with a ledger refuses blocks with [Config].Judge: no peer's chain with such
// a block is followed, and the next best chain is taken.
//
// Left out on purpose: signatures and proofs of headers, unless [Config].Verifier
// checks them, and ledger rules, unless [Config].Judge checks them.
//
// docs/guide has complete programs; its page database.md says what to save and how to
// resume, errors.md what ends a run and what to do, and tuning.md what waits for what.
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package follow
