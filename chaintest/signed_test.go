package chaintest_test

import (
	"errors"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
)

// verifyAll verifies a chain and returns the state after each block.
func verifyAll(t *testing.T, v *praos.Verifier, s praos.State, blocks []ledger.Block) []praos.State {
	t.Helper()
	states := []praos.State{s}
	for _, b := range blocks {
		if err := b.CheckBody(); err != nil {
			t.Fatal(err)
		}
		next, _, err := v.Verify(s, &b.Header)
		if err != nil {
			t.Fatal(err)
		}
		s = next
		states = append(states, s)
	}
	return states
}

func newVerifier(t *testing.T, c praos.Config) *praos.Verifier {
	t.Helper()
	v, err := praos.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSignedChains(t *testing.T) {
	if testenv.Race {
		t.Skip("one goroutine: nothing for the race detector")
	}
	for name, test := range map[string]struct {
		config chaintest.Config
		blocks int
		epoch  uint64 // of the last block, at least
	}{
		"Conway":   {chaintest.Config{Seed: 1, BlockSize: 1}, 30, 0},
		"all eras": {chaintest.Config{Seed: 2, BlockSize: 1, Network: chaintest.AllEras()}, 1300, 15},
		"late":     {chaintest.Config{Seed: 3, BlockSize: 1, After: 1 << 40}, 10, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			test.config.Signed = true
			g := chaintest.NewGenerator(test.config)
			v := newVerifier(t, praos.Config{
				Network: g.Network(), GenesisKeys: g.GenesisKeys(),
				Require: praos.Envelope | praos.Certificate | praos.KES | praos.VRF | praos.Bound | praos.Byron | praos.GenesisKey,
			})
			blocks := g.Blocks(test.blocks)
			states := verifyAll(t, v, praos.Origin(g.Network()), blocks)
			if epoch := states[len(states)-1].Epoch; epoch < test.epoch {
				t.Errorf("%d blocks end in epoch %d", test.blocks, epoch)
			}
			var most uint64
			eras := make(map[ledger.Era]int)
			for _, b := range blocks {
				eras[b.Header.Raw.Era]++
				if s, ok := b.Header.Shelley(); ok {
					most = max(most, s.OCert.Counter)
				}
			}
			t.Logf("blocks by era: %v, certificates up to number %d", eras, most)

			// A branch verifies from the state where it begins, and not from another.
			at := test.blocks / 2
			f := fork(t, g, blocks[at-1].Header.Point())
			branch := f.Blocks(20)
			verifyAll(t, v, states[at], branch)
			if _, _, err := v.Verify(states[at-1], &branch[0].Header); !errors.As(err, new(*praos.Error)) {
				t.Errorf("branch verified from a block too early: %v", err)
			}
		})
	}
}

// The pool that has all stake leads by the reference's threshold, too.
func TestSignedLeader(t *testing.T) {
	n := chaintest.Network()
	n.ActiveSlots = ledger.Ratio{Num: 1, Den: 3}
	g := chaintest.NewGenerator(chaintest.Config{Signed: true, Pools: 1, Network: n, BlockSize: 1})
	v := newVerifier(t, praos.Config{Network: n, Stake: always{g.Distribution()}, Require: praos.Leadership})
	verifyAll(t, v, praos.Origin(n), g.Blocks(30))
}

// always is the same stake in all epochs.
type always struct{ d *praos.Distribution }

func (a always) Distribution(uint64) *praos.Distribution { return a.d }

func TestSignedSameSeedSameChain(t *testing.T) {
	if testenv.Race {
		t.Skip("one goroutine: nothing for the race detector")
	}
	for last, want := range map[ledger.Era]string{
		ledger.Conway:   "819ea5b631f3e703534f3204a79ffced27c88d11084c4b204df3a28be9dc3df6",
		ledger.Dijkstra: "b6e131310f3618c7ba0c1ab2dfcb91c110c753df0877e79111ee66f5eecb317f",
	} {
		n := chaintest.AllEras()
		if last < ledger.Dijkstra {
			n.Eras[ledger.Dijkstra].Start = ledger.Never
		}
		g := chaintest.NewGenerator(chaintest.Config{Seed: 1, Signed: true, Network: n})
		g.Blocks(1000)
		if got := g.Tip().Point.Hash.String(); got != want {
			t.Errorf("signed chain of seed 1 to %v ends with %s, want %s", last, got, want)
		}
	}
}

func BenchmarkSigned(b *testing.B) {
	g := chaintest.NewGenerator(chaintest.Config{Signed: true})
	for b.Loop() {
		g.Next()
	}
}
