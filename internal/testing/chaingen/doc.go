// Package chaingen makes chains for tests, benchmarks and demonstrations: blocks
// of any era whose layout, links, numbers, slots, body sizes and body hashes
// are right, from a seed.
//
// The same [Config] gives the same chain, on any machine. Start with [New];
// [Generator.Fork] continues an earlier block with another branch.
//
// Keys, proofs and signatures are arbitrary bytes of the right length, for code
// that does not check these, unless [Config.Signed] asks for real ones.
// Transactions spend what never was.
package chaingen
