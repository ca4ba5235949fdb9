package praos_test

import (
	"errors"
	"testing"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
)

// Byron headers of the public networks must be for one of their genesis keys,
// also where [praos.Config] has none.
func TestGenesisKeysUnasked(t *testing.T) {
	g, _, blocks, states := byronChain(t)
	const at = 10
	n := g.Network()
	for _, public := range []ledger.Network{ledger.Mainnet, ledger.Preprod} {
		n.Genesis.Byron = public.Genesis.Byron
		_, _, err := verifier(t, praos.Config{Network: n}).Verify(states[at], &blocks[at].Header)
		if !errors.Is(err, praos.ErrGenesisKey) {
			t.Errorf("%s: %v", public.Name, err)
		}
	}
}
