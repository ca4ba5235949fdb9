// Package conformance checks a mini-protocol from its table: by itself, against a
// second table that was written independently, and by running both sides.
//
// Start with [Check], which finds faults such as a state that is never reached.
// [Compare] holds a Spec against a [Table], which can be kept as JSON beside the
// specification it was read from. [Model] runs both sides with all messages that may be
// between them, requests ahead of answers included, and visits every possible
// situation. [Mermaid], [DOT] and [Markdown] draw the table. Use them in tests when you
// add or change a mini-protocol.
//
// [Budgets] adds up the bytes that each side may ask for, which must fit its ingress
// limit.
//
// The tests of this package do all that for the mini-protocols of this module,
// and hold their messages against worked examples of the wire format: see
// testdata. Programs that speak from the tables, right and wrong, to our own
// drivers and to other nodes, are run by cmd/ouronet.
//
// Package messagetest, below this one, checks messages from examples of their bytes.
//
// Left out on purpose: behaviour that is not in a table, which is tested with
// each mini-protocol, and other implementations (conformance/interop).
//
// docs/guide/mini-protocol.md uses it.
//
// Not stable yet: a minor version may change this package. See docs/compatibility.md.
package conformance
