package node

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// random returns a source of its own for what is drawn under a name, or nil if
// no Seed is set: then math/rand/v2 it is. A name says what is drawn and for
// which connection, so that which goroutine draws first makes no difference.
func (cfg *Config) random(name ...any) *rand.Rand {
	if cfg.Seed == 0 {
		return nil
	}
	h := fnv.New64a()
	fmt.Fprintln(h, name...)
	return rand.New(rand.NewPCG(cfg.Seed, h.Sum64()))
}

// draw returns a number in [0, 1) from r, which may be nil.
func draw(r *rand.Rand) float64 {
	if r == nil {
		return rand.Float64()
	}
	return r.Float64()
}
