package praos

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/internal/fuzz"
	"github.com/ouronet/ouronet/ledger"
)

// What genesis files say of keys, checkpoints and delegates is read whole or
// refused: nothing in them is passed over.
func FuzzConfig(f *testing.F) {
	hash := ledger.Hash{1}.String()
	f.Add([]byte(`{"bootStakeholders": {"`+hash[:56]+`": 1}}`),
		[]byte(`{"genDelegs": {"a": {"delegate": "`+hash[:56]+`", "vrf": "`+hash+`"}}, "protocolParams": {"decentralisationParam": 1}}`),
		[]byte(`{"checkpoints": [{"blockNo": 3, "hash": "`+hash+`"}]}`))
	f.Add([]byte(`{}`), []byte(`{"protocolParams": {"decentralisationParam": 1e-3}}`), []byte(`{}`))
	f.Add([]byte(`{}`), []byte(`{"protocolParams": {"decentralisationParam": 1e999999}}`), []byte(`{}`))
	f.Add([]byte(`{}`), []byte(`{"protocolParams": {"decentralisationParam": 1e-999999}}`), []byte(`{}`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, byron, shelley, checkpoints []byte) {
		files := map[string][]byte{"byron-genesis.json": byron, "shelley-genesis.json": shelley, "checkpoints.json": checkpoints}
		for name, b := range files {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		size := len(byron) + len(shelley) + len(checkpoints)
		fuzz.Bound(t, 1<<20+200*size, func() {
			if keys, err := readGenesisKeys(dir, "byron-genesis.json"); err == nil && len(keys) > len(byron) {
				t.Errorf("%d keys in %d bytes", len(keys), len(byron))
			}
			list, err := readCheckpoints(dir, "checkpoints.json")
			if errors.Is(err, fs.ErrNotExist) || err == nil && list == nil || err == nil && !json.Valid(checkpoints) {
				t.Errorf("checkpoints %v, %v", list, err)
			}
			d, err := readDelegates(dir, "shelley-genesis.json")
			if err != nil {
				return
			}
			if d.Overlay.Den == 0 {
				t.Errorf("overlay %v", d.Overlay)
			}
			again, err := readDelegates(dir, "shelley-genesis.json")
			if err != nil || !slices.Equal(again.Delegates, d.Delegates) {
				t.Errorf("delegates %v, and then %v, %v", d.Delegates, again, err)
			}
		})
	})
}
