// Package conformance checks the table of a mini-protocol: by itself, and
// against a second one that was written independently.
//
// Start with [Check], which finds what no mini-protocol may have, such as a
// state that is never reached. [Compare] holds a Spec against a [Table], which
// can be kept as JSON beside the specification it was read from. Both are for
// tests of anyone who adds a mini-protocol or changes one.
//
// The tests of this package do that for all mini-protocols of this module, and
// hold their messages against worked examples of the wire format: see testdata.
//
// Left out on purpose: behaviour that is not in a table, which is tested with
// each mini-protocol, and other implementations (conformance/interop).
package conformance
