package praos

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// Every byte of every header takes hours.
var everyByte = flag.Int("praos.changes", 3, "bytes of each real header to change, 0 for all")

// refusesChanges checks that no header passes that differs from h in one byte.
func refusesChanges(t *testing.T, v *Verifier, s State, h *ledger.Header, n int, r *rand.Rand) {
	t.Helper()
	size := len(h.Raw.Bytes)
	positions := r.Perm(size)
	if n > 0 {
		positions = positions[:min(n, size)]
	}
	for _, i := range positions {
		raw := h.Raw
		raw.Bytes = bytes.Clone(raw.Bytes)
		raw.Bytes[i] ^= byte(1 + r.IntN(255))
		changed, err := v.config.Network.ParseHeader(raw)
		if err != nil {
			continue
		}
		if _, _, err := v.Verify(s, &changed); err == nil {
			t.Errorf("header %v with byte %d of %d changed to %02x passes", h.Point(), i, size, raw.Bytes[i])
		}
	}
}

// All bytes of forged headers of both protocols.
func TestChangedForgeries(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, era := range []ledger.Era{ledger.Alonzo, ledger.Babbage, ledger.Conway, ledger.Dijkstra} {
		v, s := base(t, era)
		// Checks that know who leads would hide what the others find.
		v.config.Stake, v.config.Require = nil, 0
		h, err := newForged(v, s, s.Tip.Point.Slot+1).header(v.config.Network)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := v.Verify(s, h); err != nil {
			t.Fatal(err)
		}
		refusesChanges(t, v, s, h, 0, r)
	}
}
