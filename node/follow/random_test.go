package follow

import (
	"testing"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// The salt follows from the seed, unless it is given.
func TestSalt(t *testing.T) {
	given := Config{Config: node.Config{Network: ledger.Preview, Seed: 7}, Peers: []string{"a:1"}}
	given.Chain.Salt = 3
	if f, err := NewFollower(given); err != nil || f.cfg.Chain.Salt != 3 {
		t.Error("a salt that is given is not used")
	}
	salt := func(seed uint64) uint64 {
		f, err := NewFollower(Config{Config: node.Config{Network: ledger.Preview, Seed: seed}, Peers: []string{"a:1"}})
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
