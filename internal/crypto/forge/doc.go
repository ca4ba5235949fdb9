// Package forge makes what package ledger/praos checks: VRF proofs, key-evolving
// signatures and operational certificates, for tests and demonstrations. It is
// no tool for a pool: its time depends on its secrets, and a [KESKey] can sign
// at evolutions that are past.
package forge
