package praos

import (
	"slices"
	"testing"

	"github.com/ouronet/ouronet/internal/genesis"
	"github.com/ouronet/ouronet/internal/testing/fuzz"
	"github.com/ouronet/ouronet/ledger"
)

// What genesis files say of keys, checkpoints and delegates is read whole or
// refused: nothing in them is passed over.
func FuzzConfig(f *testing.F) {
	hash := ledger.Hash{1}.String()
	f.Add([]byte(`{"bootStakeholders": {"`+hash[:56]+`": 1}}`),
		[]byte(`{"genDelegs": {"`+hash[:56]+`": {"delegate": "`+hash[:56]+`", "vrf": "`+hash+`"}}, "protocolParams": {"decentralisationParam": 1}}`),
		[]byte(`{"checkpoints": [{"blockNo": 3, "hash": "`+hash+`"}]}`))
	for _, share := range []string{"1e-3", "1e999999", "1e-999999", `{"numerator": 1, "denominator": 3}`, `{"numerator": 1e1024, "denominator": 1e-1024}`} {
		f.Add([]byte(`{}`), []byte(`{"genDelegs": {}, "protocolParams": {"decentralisationParam": `+share+`}}`), []byte(`{}`))
	}
	f.Fuzz(func(t *testing.T, byron, shelley, checkpointsFile []byte) {
		size := len(byron) + len(shelley) + len(checkpointsFile)
		fuzz.Bound(t, 1<<20+200*size, func() {
			if v, err := genesis.ParseCanonical(byron); err == nil {
				if keys, err := genesisKeys(v); err == nil && len(keys) > len(byron) {
					t.Errorf("%d keys in %d bytes", len(keys), len(byron))
				}
			}
			if o, err := genesis.Parse(checkpointsFile); err == nil {
				if list, err := checkpoints(o); err == nil && list == nil {
					t.Error("no checkpoints and no error")
				}
			}
			o, err := genesis.Parse(shelley)
			if err != nil {
				return
			}
			d, err := delegates(o)
			if err != nil {
				return
			}
			if d.Overlay.Den == 0 || d.Overlay.Num > d.Overlay.Den {
				t.Errorf("overlay %v", d.Overlay)
			}
			again, err := delegates(o)
			if err != nil || !slices.Equal(again.Delegates, d.Delegates) {
				t.Errorf("delegates %v, and then %v, %v", d.Delegates, again, err)
			}
		})
	})
}
