package node

import (
	"math/rand/v2"
	"net"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// Draws follow from the seed and from what they are for, and from nothing else.
func TestSeed(t *testing.T) {
	first := func(r *rand.Rand) uint64 { return r.Uint64() }
	cfg := Config{Network: ledger.Preview, Seed: 7}
	other := Config{Network: ledger.Preview, Seed: 8}
	a, b := &net.TCPAddr{Port: 1}, &net.TCPAddr{Port: 2}
	one := first(cfg.random("cookies", a, b))
	if first(cfg.random("cookies", a, b)) != one {
		t.Error("not repeatable")
	}
	for name, r := range map[string]*rand.Rand{
		"purpose": cfg.random("pauses", a, b), "connection": cfg.random("cookies", b, a), "seed": other.random("cookies", a, b),
	} {
		if first(r) == one {
			t.Errorf("the %s makes no difference", name)
		}
	}
	if (&Config{}).random("cookies") != nil {
		t.Error("repeatable without a seed")
	}

	given := FollowConfig{Config: cfg, Peers: []string{"a:1"}}
	given.Chain.Salt = 3
	if f, err := NewFollower(given); err != nil || f.cfg.Chain.Salt != 3 {
		t.Error("a salt that is given is not used")
	}
	salt := func(seed uint64) uint64 {
		f, err := NewFollower(FollowConfig{Config: Config{Network: ledger.Preview, Seed: seed}, Peers: []string{"a:1"}})
		if err != nil {
			t.Fatal(err)
		}
		return f.cfg.Chain.Salt
	}
	for seeds, equal := range map[[2]uint64]bool{{1, 1}: true, {1, 2}: false, {0, 0}: false} {
		if a, b := salt(seeds[0]), salt(seeds[1]); (a == b) != equal {
			t.Errorf("seeds %v: salts %d and %d", seeds, a, b)
		}
	}
}
