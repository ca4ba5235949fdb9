package praos_test

import (
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger/praos"
)

// Once an issuer is known, a header costs its job and next to nothing else.
func TestAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	g := chaintest.NewGenerator(chaintest.Config{Signed: true, BlockSize: 1, Pools: 1, Network: chaintest.AllEras()})
	v := verifier(t, praos.Config{Network: g.Network()})
	s := praos.Origin(g.Network())
	most := 0.0
	for range 900 {
		b := g.Next()
		next, _, err := v.Verify(s, &b.Header)
		if err != nil {
			t.Fatal(err)
		}
		if b.Header.BlockNo%50 == 0 {
			most = max(most, testing.AllocsPerRun(5, func() { v.Verify(s, &b.Header) }))
		}
		s = next
	}
	if most > 2 {
		t.Errorf("%v allocations a header", most)
	}
}
