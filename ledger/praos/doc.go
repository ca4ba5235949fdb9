// Package praos checks Cardano headers with nothing but headers: their place in the
// chain, operational certificates, key-evolving signatures, VRF proofs and the
// evolution of the epoch nonce, for TPraos (Shelley to Alonzo) and Praos (Babbage,
// Conway), and place and signatures of Byron's. Comments name the sources of rules;
// docs/architecture.md lists the sources.
//
// Start with [NewVerifier] and a [State]: [Origin], or one that was saved.
// [Verifier.Verify] checks one header and returns the state after it. To check on
// several cores, [Verifier.Prepare] makes the checks that need the order of headers, in
// about 5 µs, and [Job.Verify] makes the others, on any goroutine and in any order. The
// caller's duties:
//
//  1. A state belongs to a branch of the chain. It is a value: keep the state
//     after each header that may be rolled back to.
//  2. Prepare trusts what a header claims. When a job fails, all headers that
//     were prepared after its header on the same branch are void, too.
//  3. Bodies are checked by [ledger.Block.CheckBody], slots that are still to
//     come by [CheckTime].
//
// A header that fails gives an [*Error]; errors.Is finds its [Kind] in it. The checks
// that were made are in [Checks]. Without the pools' stake ([Config.Stake]), headers
// that pass are easy to make: new keys, a certificate, and a VRF key whose outputs are
// low. Such a check refuses damaged and foreign headers and says nothing about which
// chain is honest.
//
// KES signatures are of the header body as the Haskell node encodes it, whatever
// its encoding in the header. (header-validation, 5)
//
// Left out on purpose: ledger state, and Byron's delegation map and signing
// limit, which need block bodies. (header-validation, 13)
//
// Not stable yet: a minor version may change this package. See docs/compatibility.md.
package praos
