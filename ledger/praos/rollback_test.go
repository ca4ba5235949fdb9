package praos_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
)

// However a node came to a block, over whatever branches, rollbacks and
// restarts, the state there is the same.
func TestRollbacks(t *testing.T) {
	if testenv.Race {
		t.Skip("one goroutine: nothing for the race detector")
	}
	g := chaintest.NewGenerator(chaintest.Config{Signed: true, Seed: 9, BlockSize: 1, Network: chaintest.AllEras()})
	v := verifier(t, praos.Config{Network: g.Network()})
	r := rand.New(rand.NewPCG(1, 1))

	branches := []*chaintest.Generator{g}
	blocks := make(map[ledger.Point]ledger.Block)
	parents := make(map[ledger.Point]ledger.Point)
	var points []ledger.Point
	grow := func(g *chaintest.Generator, n int) {
		for range n {
			parent := g.Tip().Point
			b := g.Next()
			p := b.Header.Point()
			blocks[p], parents[p] = b, parent
			points = append(points, p)
		}
	}
	grow(g, 1000)
	for range 6 {
		at := points[r.IntN(len(points))]
		for _, b := range branches {
			if f, err := b.Fork(at); err == nil {
				branches = append(branches, f)
				grow(f, 150)
				break
			}
		}
	}

	states := map[ledger.Point]praos.State{{}: praos.Origin(g.Network())}
	encoded := make(map[ledger.Point][]byte)
	for range 40 {
		// Go to a point by the blocks from its last ancestor with a state, or
		// by some that have one.
		at := points[r.IntN(len(points))]
		var path []ledger.Point
		for {
			if _, ok := states[at]; ok && r.IntN(20) > 0 || at.IsOrigin() {
				break
			}
			path = append(path, at)
			at = parents[at]
		}
		s := states[at]
		for i := len(path) - 1; i >= 0; i-- {
			b := blocks[path[i]]
			var err error
			if s, _, err = v.Verify(s, &b.Header); err != nil {
				t.Fatal(err)
			}
			saved, err := s.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			if was, ok := encoded[path[i]]; ok && !bytes.Equal(was, saved) {
				t.Fatalf("state at %v is %x, was %x", path[i], saved, was)
			}
			encoded[path[i]] = saved
			if r.IntN(10) == 0 { // restart
				if err := s.UnmarshalBinary(saved); err != nil {
					t.Fatal(err)
				}
			}
			states[path[i]] = s
		}
	}
}
