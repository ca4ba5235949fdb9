// Package seeded draws what is random in a node, from a seed if there is one. Each
// purpose has a source of its own, so that which goroutine draws first makes no
// difference.
package seeded

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// Source returns a source for what is drawn under a name, or nil without a seed,
// that is if it is 0: then math/rand/v2 it is. The name says what is drawn and for
// which connection.
func Source(seed uint64, name ...any) *rand.Rand {
	if seed == 0 {
		return nil
	}
	h := fnv.New64a()
	fmt.Fprintln(h, name...)
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// Float64 returns a number in [0, 1) from r, which may be nil.
func Float64(r *rand.Rand) float64 {
	if r == nil {
		return rand.Float64()
	}
	return r.Float64()
}
