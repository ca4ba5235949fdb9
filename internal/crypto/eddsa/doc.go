// Package eddsa verifies Ed25519 signatures with the verdicts of libsodium,
// which the Haskell node uses. [Verify] is crypto/ed25519 with the refusals
// that libsodium has besides; a [Key] that signs often verifies in less than
// half the time. Byron's signatures have rules of their own: [VerifyByron].
//
// # What is accepted
//
// The rules are those of crypto_sign_ed25519_verify_detached, built without
// ED25519_COMPAT as for cardano-node:
//
//	key    32 bytes; y below the field's prime; on the curve; not of small order.
//	       It may have a part of small order.
//	R      not of small order; otherwise any 32 bytes
//	S      below the order of the generator
//	       R is the encoding of S B - k A: nothing is multiplied by the cofactor.
//	       k is the hash of R, key and message modulo the order.
package eddsa
