package follow

import (
	"testing"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// The salt follows from the seed.
func TestSalt(t *testing.T) {
	salt := func(seed uint64) uint64 {
		f, err := NewFollower(Config{Config: node.Config{Network: ledger.Preview, Seed: seed}, Peers: []string{"a:1"}})
		if err != nil {
			t.Fatal(err)
		}
		return f.cfg.salt
	}
	for seeds, equal := range map[[2]uint64]bool{{1, 1}: true, {1, 2}: false, {0, 0}: false} {
		if a, b := salt(seeds[0]), salt(seeds[1]); (a == b) != equal {
			t.Errorf("seeds %v: salts %d and %d", seeds, a, b)
		}
	}
}
