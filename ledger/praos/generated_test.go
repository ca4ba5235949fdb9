package praos_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/internal/race"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
)

// Jobs may be done in any order and at once: whoever prepares a whole chain
// first finds the same as whoever checks header by header.
func TestJobsInAnyOrder(t *testing.T) {
	g := chaingen.New(chaingen.Config{Signed: true, Seed: 5, BlockSize: 1, Network: chaingen.AllEras()})
	blocks := g.Blocks(700)
	v := verifier(t, praos.Config{Network: g.Network(), Issuers: 2}) // so that some are dropped
	s := praos.Origin(g.Network())
	var jobs []*praos.Job
	for i := range blocks {
		job, next, err := v.Prepare(s, &blocks[i].Header)
		if err != nil {
			t.Fatal(err)
		}
		jobs, s = append(jobs, job), next
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Go(func() {
			for i := part; i < len(jobs); i += 4 {
				if err := jobs[i].Verify(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if s.Tip != g.Tip() {
		t.Errorf("state is at %v, chain at %v", s.Tip, g.Tip())
	}
}

// A header with a false output is found by its own job, although the nonces
// that follow from it made all later ones fail, too.
func TestSpeculation(t *testing.T) {
	if race.Enabled {
		t.Skip("one goroutine: nothing for the race detector")
	}
	g := chaingen.New(chaingen.Config{Signed: true, Seed: 6, BlockSize: 1, Network: chaingen.AllEras()})
	blocks := g.Blocks(1100)
	v := verifier(t, praos.Config{Network: g.Network()})
	s := praos.Origin(g.Network())
	bad := -1
	for i := range blocks {
		h := blocks[i].Header
		if bad < 0 && h.Raw.Era == ledger.Babbage {
			bad = i
			shelley, _ := h.Shelley()
			shelley.LeaderVRF.Output[0] ^= 1 // in the header's bytes
		}
		job, next, err := v.Prepare(s, &h)
		if err != nil {
			t.Fatal(err)
		}
		err = job.Verify()
		switch inEpoch := g.Network().Epoch(h.Slot) == g.Network().Epoch(blocks[max(bad, 0)].Header.Slot); {
		case bad < 0 || i > bad && inEpoch:
			if err != nil {
				t.Fatal(err)
			}
		case i == bad: // the signature is of another body, too
			if !errors.As(err, new(*praos.Error)) {
				t.Fatalf("false output: %v", err)
			}
		case i > bad+300:
			if !errors.As(err, new(*praos.VRFProofError)) {
				t.Fatalf("header %d after a false output at %d: %v", i, bad, err)
			}
			return
		}
		s = next
	}
	t.Error("the chain is too short")
}

func FuzzVerify(f *testing.F) {
	if race.Enabled {
		f.Skip("one goroutine: nothing for the race detector")
	}
	g := chaingen.New(chaingen.Config{Signed: true, BlockSize: 1, Pools: 1, Network: chaingen.AllEras()})
	n := g.Network()
	v := verifier(f, praos.Config{Network: n, GenesisKeys: g.GenesisKeys()})
	states := []praos.State{praos.Origin(n)}
	known := make(map[string]bool)
	for range 1000 {
		b := g.Next()
		h := &b.Header
		next, _, err := v.Verify(states[len(states)-1], h)
		if err != nil {
			f.Fatal(err)
		}
		states = append(states, next)
		known[string(h.Raw.Bytes)] = true
		if len(states)%60 == 2 || h.Raw.EBB {
			f.Add(uint8(h.Raw.Era), h.Raw.EBB, uint16(len(states)-2), h.Raw.Bytes)
		}
	}
	f.Fuzz(func(t *testing.T, era uint8, ebb bool, state uint16, b []byte) {
		h, err := n.ParseHeader(ledger.RawHeader{Era: ledger.Era(era), EBB: ebb && era == 0, Bytes: b})
		if err != nil {
			return
		}
		_, _, err = v.Verify(states[int(state)%len(states)], &h)
		// Boundary blocks have no signature.
		if err == nil && !h.Raw.EBB && !known[string(b)] {
			t.Errorf("%v header %x passes", h.Raw.Era, b)
		}
	})
}
