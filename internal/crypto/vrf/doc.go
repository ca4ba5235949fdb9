// Package vrf verifies proofs of the verifiable random function
// ECVRF-ED25519-SHA512-Elligator2: of draft 03, which Cardano's headers carry
// ([Key.Verify]), and batch-compatible ones of draft 13
// ([Key.VerifyBatchCompatible]), which they do not carry up to Conway.
// (header-validation, 6)
//
// A [Key] is made once and used for many proofs.
//
// # What is accepted
//
// The verdicts are those of crypto_vrf_ietfdraft03_verify and
// crypto_vrf_ietfdraft13_verify_batchcompat in the libsodium that cardano-node is
// built with (and in the copy in cardano-crypto-praos, which is the same):
//
//	key      32 bytes; y below the field's prime; on the curve; not of small order.
//	         It may have a part of small order.
//	Gamma    y below the prime; on the curve; of any order. A zero x may have
//	         either sign. It is hashed as it came.
//	c        any 16 bytes
//	s        below the order L of the generator
//	U, V     (draft 13) equal to what is computed, as bytes
//	points   U = s B + n Y and V = s H + n Gamma, with n = L - c, or 0 if c is 0:
//	         not -c, which is another factor for a point with a part of small order
//	output   of 8 Gamma
//
// Sizes are exact, as in the Haskell types around it.
package vrf
