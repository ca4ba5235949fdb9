package praos_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
)

// Jobs may be done in any order and at once: whoever prepares a whole chain
// first finds the same as whoever checks header by header.
func TestJobsInAnyOrder(t *testing.T) {
	g := chaintest.NewGenerator(chaintest.Config{Signed: true, Seed: 5, BlockSize: 1, Network: chaintest.AllEras()})
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

// What is checked of a chain of all eras, by where the checks start and what is
// known there: in the epoch of the first header from Shelley on, and after it.
func TestStarts(t *testing.T) {
	if testenv.Race {
		t.Skip("one goroutine: nothing for the race detector")
	}
	g := chaintest.NewGenerator(chaintest.Config{Signed: true, Seed: 7, BlockSize: 1, Network: chaintest.AllEras()})
	n, blocks := g.Network(), g.Blocks(900)
	v := verifier(t, praos.Config{Network: n})
	states := []praos.State{praos.Origin(n)} // before each block
	shelley, middle := 0, 0                  // the first of Shelley, one within an epoch of Babbage
	for i, b := range blocks {
		s, _, err := v.Verify(states[i], &b.Header)
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, s)
		switch era := b.Header.Raw.Era; {
		case shelley == 0 && era == ledger.Shelley:
			shelley = i
		case middle == 0 && era == ledger.Babbage && n.Epoch(b.Header.Slot-10) == n.Epoch(b.Header.Slot):
			middle = i
		}
	}
	afterByron := praos.Origin(n)
	afterByron.Tip = states[shelley].Tip
	encoded, err := states[middle].MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var saved praos.State
	if err := saved.UnmarshalBinary(encoded); err != nil {
		t.Fatal(err)
	}
	here := states[middle]
	const always = praos.Envelope | praos.Certificate | praos.KES
	for _, test := range []struct {
		name        string
		from        int
		start       praos.State
		here, later praos.Checks // besides those that are always made and Bound, which is with VRF in Praos
	}{
		{"origin", 0, praos.Origin(n), praos.VRF, praos.VRF},
		{"the last block of Byron", shelley, afterByron, praos.VRF, praos.VRF},
		{"a saved state", middle, saved, praos.VRF, praos.VRF},
		{"five nonces", middle, praos.State{Tip: here.Tip, Epoch: here.Epoch, Nonces: here.Nonces, Known: praos.AllNonces}, praos.VRF, praos.VRF},
		{"an epoch nonce", middle, praos.State{Tip: here.Tip, Epoch: here.Epoch, Nonces: praos.Nonces{Active: here.Nonces.Active}, Known: praos.EpochNonce}, praos.VRF, 0},
		{"a block", middle, praos.State{Tip: here.Tip}, 0, 0},
	} {
		s, epoch := test.start, n.Epoch(blocks[max(test.from, shelley)].Header.Slot)
		for i := test.from; i < len(blocks); i++ {
			h := &blocks[i].Header
			want := test.later
			if n.Epoch(h.Slot) == epoch {
				want = test.here
			}
			if want |= always; want&praos.VRF != 0 && h.Raw.Era >= ledger.Babbage {
				want |= praos.Bound
			}
			switch {
			case h.Raw.EBB:
				want = praos.Envelope
			case h.Raw.Era == ledger.Byron:
				want = praos.Envelope | praos.Byron
			}
			var made praos.Checks
			if s, made, err = v.Verify(s, h); err != nil || made != want {
				t.Fatalf("from %s: header %d: checked %v, want %v, %v", test.name, i, made, want, err)
			}
		}
	}
}

// A header with a false output is found by its own job, although the nonces
// that follow from it made all later ones fail, too.
func TestSpeculation(t *testing.T) {
	if testenv.Race {
		t.Skip("one goroutine: nothing for the race detector")
	}
	g := chaintest.NewGenerator(chaintest.Config{Signed: true, Seed: 6, BlockSize: 1, Network: chaintest.AllEras()})
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
			if !errors.Is(err, praos.ErrVRFProof) {
				t.Fatalf("header %d after a false output at %d: %v", i, bad, err)
			}
			return
		}
		s = next
	}
	t.Error("the chain is too short")
}

func FuzzVerify(f *testing.F) {
	if testenv.Race {
		f.Skip("one goroutine: nothing for the race detector")
	}
	g := chaintest.NewGenerator(chaintest.Config{Signed: true, BlockSize: 1, Pools: 1, Network: chaintest.AllEras()})
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
