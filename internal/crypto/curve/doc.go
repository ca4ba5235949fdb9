// Package curve does arithmetic on edwards25519 for verification: nothing it
// works on is secret, so its time depends on its inputs. Signing must not use
// it, except in tests.
//
// filippo.io/edwards25519 gives the field and is what the tests compare with.
// What is here and not there makes a proof cost about half: keys that come
// again keep tables of their multiples ([Table]), the generator has more of
// them, and several points are encoded with one inversion ([Encode]). Start
// with [Point].
package curve
