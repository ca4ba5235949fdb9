// Package cbor holds the small part of CBOR (RFC 8949) that the node-to-node
// messages need, with control over what a general library hides: whether a
// length is definite, how much of a message has arrived, and whose memory a
// byte string is in.
//
// [Scanner] finds the end of an item that arrives in pieces; [Reader] walks
// over a complete one; the Append functions write. Integers are accepted in
// any width and written in the shortest, as the Haskell node does.
//
// It is not a general decoder: no floats, no big numbers, no reflection. What
// needs those uses github.com/fxamacker/cbor/v2.
package cbor
