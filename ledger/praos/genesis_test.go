package praos

import (
	"errors"
	"maps"
	"path/filepath"
	"testing"

	"github.com/ouronet/ouronet/internal/chaindata"
	"github.com/ouronet/ouronet/ledger"
)

// What is known of the public networks is what their files say.
func TestLoadConfig(t *testing.T) {
	for _, n := range []ledger.Network{ledger.Mainnet, ledger.Preprod, ledger.Preview} {
		c, d, err := LoadConfig(filepath.Join(chaindata.Dir(t), "genesis", n.Name))
		if err != nil {
			t.Fatal(err)
		}
		if known := knownGenesisKeys(&n); known != nil && !maps.Equal(known, c.GenesisKeys) || len(c.GenesisKeys) != 7 {
			t.Errorf("%s: genesis keys %v", n.Name, c.GenesisKeys)
		}
		if d.Overlay != (ledger.Ratio{Num: 1, Den: 1}) || len(d.Delegates) != 7 {
			t.Errorf("%s: %d delegates, overlay %v", n.Name, len(d.Delegates), d.Overlay)
		}
		if c.Network.Name != n.Name || len(c.Checkpoints) == 0 && n.Name != "preprod" {
			t.Errorf("%s: network %s, %d checkpoints", n.Name, c.Network.Name, len(c.Checkpoints))
		}
	}
	if _, _, err := LoadConfig(t.TempDir()); err == nil {
		t.Error("read an empty folder")
	}
}

// epochZero knows who leads in epoch 0 alone.
type epochZero struct{ d *Distribution }

func (e epochZero) Distribution(epoch uint64) *Distribution {
	if epoch == 0 {
		return e.d
	}
	return nil
}

// Every block of preview's epoch 0 is in an overlay slot of the genesis delegate
// that made it.
func TestPreviewOverlay(t *testing.T) {
	c, d, err := LoadConfig(filepath.Join(chaindata.Dir(t), "genesis", "preview"))
	if err != nil {
		t.Fatal(err)
	}
	c.Stake, c.Require = epochZero{d}, Leadership
	v := verifier(t, c)
	s := Origin(c.Network)
	n := 0
	for _, h := range headers(t, c.Network, "preview-immutable", 5000) {
		next, _, err := v.Verify(s, h)
		if unchecked := (*UncheckedError)(nil); errors.As(err, &unchecked) && c.Network.Epoch(h.Slot) == 1 {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		s, n = next, n+1
	}
	if s.Epoch != 0 || n < 4000 {
		t.Errorf("checked %d headers", n)
	}
	t.Logf("%d overlay slots", n)

	// A delegate less, and most slots are another's.
	d.Delegates = d.Delegates[1:]
	if _, _, err := v.Verify(Origin(c.Network), headers(t, c.Network, "preview-immutable", 1)[0]); !errors.As(err, new(*OverlayError)) {
		t.Error(err)
	}
}
