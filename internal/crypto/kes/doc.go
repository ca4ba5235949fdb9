// Package kes verifies key-evolving signatures: the sum composition of depth 6
// over Ed25519 with Blake2b-256, with which Cardano's headers are signed.
// (header-validation, 5)
//
// [Leaf] finds the Ed25519 key that signs at an evolution and proves that it
// belongs to the public key; [Verify] checks a signature whole.
package kes
