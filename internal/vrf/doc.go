// Package vrf verifies proofs of the verifiable random function
// ECVRF-ED25519-SHA512-Elligator2: of draft 03, which Cardano's headers carry
// ([Key.Verify]), and batch-compatible ones of draft 13
// ([Key.VerifyBatchCompatible]), which they do not carry up to Conway.
// (header-validation, 6)
//
// A [Key] is made once and used for many proofs.
package vrf
