package praos_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
)

func verifier(tb testing.TB, c praos.Config) *praos.Verifier {
	tb.Helper()
	v, err := praos.NewVerifier(c)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// byronChain returns signed Byron blocks with boundary blocks among them, and
// the state before each.
func byronChain(t *testing.T) (g *chaingen.Generator, v *praos.Verifier, blocks []ledger.Block, states []praos.State) {
	t.Helper()
	g = chaingen.New(chaingen.Config{Signed: true, Network: chaingen.AllEras()})
	v = verifier(t, praos.Config{Network: g.Network(), GenesisKeys: g.GenesisKeys()})
	blocks = g.Blocks(130)
	s := praos.Origin(g.Network())
	for _, b := range blocks {
		states = append(states, s)
		var err error
		if s, _, err = v.Verify(s, &b.Header); err != nil {
			t.Fatal(err)
		}
	}
	return g, v, blocks, states
}

// No byte that is signed or hashed can be changed. A boundary block has no
// signature, so of its bytes only those that say its place are checked; all
// others change its hash and so break the next header.
func TestByronChanges(t *testing.T) {
	g, v, blocks, states := byronChain(t)
	n := g.Network()
	for i := range blocks[:125] {
		h := &blocks[i].Header
		if !h.Raw.EBB && i%40 != 1 {
			continue
		}
		for at := range h.Raw.Bytes {
			raw := h.Raw
			raw.Bytes = bytes.Clone(raw.Bytes)
			raw.Bytes[at] ^= 1
			changed, err := n.ParseHeader(raw)
			if err != nil {
				continue
			}
			next, _, err := v.Verify(states[i], &changed)
			if err == nil && h.Raw.EBB {
				_, _, err = v.Verify(next, &blocks[i+1].Header)
			}
			if err == nil {
				t.Errorf("block %d with byte %d changed passes", i, at)
			}
		}
	}
}

func TestByronEnvelope(t *testing.T) {
	g, v, blocks, states := byronChain(t)
	const at = 10
	for name, test := range map[string]struct {
		change func(n *ledger.Network, s *praos.State, keys map[praos.PoolID]bool)
		want   error
	}{
		"magic":       {func(n *ledger.Network, _ *praos.State, _ map[praos.PoolID]bool) { n.Magic++ }, &praos.MagicError{}},
		"number":      {func(_ *ledger.Network, s *praos.State, _ map[praos.PoolID]bool) { s.Tip.BlockNo++ }, &praos.BlockNoError{}},
		"slot":        {func(_ *ledger.Network, s *praos.State, _ map[praos.PoolID]bool) { s.Tip.Point.Slot++ }, &praos.SlotError{}},
		"parent":      {func(_ *ledger.Network, s *praos.State, _ map[praos.PoolID]bool) { s.Tip.Point.Hash[0]++ }, &praos.PrevHashError{}},
		"epoch":       {func(n *ledger.Network, _ *praos.State, _ map[praos.PoolID]bool) { n.Eras[ledger.Byron].EpochLength = 5 }, &praos.SlotError{}},
		"era":         {func(n *ledger.Network, _ *praos.State, _ map[praos.PoolID]bool) { n.Eras[ledger.Shelley].Start = 5 }, &praos.EraError{}},
		"genesis key": {func(_ *ledger.Network, _ *praos.State, k map[praos.PoolID]bool) { clear(k) }, &praos.GenesisKeyError{}},
	} {
		n, s, keys := g.Network(), states[at], g.GenesisKeys()
		test.change(&n, &s, keys)
		_, _, err := verifier(t, praos.Config{Network: n, GenesisKeys: keys}).Verify(s, &blocks[at].Header)
		if e := (*praos.Error)(nil); !errors.As(err, &e) || reflect.TypeOf(e.Err) != reflect.TypeOf(test.want) {
			t.Errorf("%s: %v, want %T", name, err, test.want)
		}
	}
	if _, made, err := v.Verify(states[at], &blocks[at].Header); err != nil || made != praos.Envelope|praos.Byron|praos.GenesisKey {
		t.Errorf("checked %v, %v", made, err)
	}
	// The first header names the genesis hash.
	n := g.Network()
	n.Genesis.Byron = ledger.Hash{1}
	if _, _, err := verifier(t, praos.Config{Network: n}).Verify(states[0], &blocks[0].Header); !errors.As(err, new(*praos.PrevHashError)) {
		t.Errorf("chain of another genesis: %v", err)
	}
}
