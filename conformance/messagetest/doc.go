// Package messagetest checks the messages of a mini-protocol: that they have the bytes that
// they should have, mean the same when they are read again, arrive whole however the bytes
// are cut, and fit the limits of the table.
//
// Start with [Cases]: a test calls [Cases.Check], a fuzz target [Cases.Fuzz].
//
// Duties of the caller:
//
//  1. Have an example of each message, with bytes that were made independently: from the
//     specification, or by another implementation.
//  2. Test what is kept of a message that has too much of something. No check here knows
//     what too much is.
//
// What is left out on purpose: the table itself, which package conformance checks, and how
// the two sides behave.
//
// Not stable yet: a minor version may change this package. See docs/compatibility.md.
package messagetest
