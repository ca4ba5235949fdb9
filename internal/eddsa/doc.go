// Package eddsa verifies Ed25519 signatures with the verdicts of libsodium,
// which the Haskell node uses. [Verify] is crypto/ed25519 with the refusals
// that libsodium has besides; a [Key] that signs often verifies in less than
// half the time.
package eddsa
