package praos

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ouronet/ouronet/ledger"
)

// LoadConfig reads the configuration of the network whose genesis files are in
// dir, as [ledger.LoadNetwork] does, and what else the files say: the genesis
// keys of Byron, and the checkpoints of checkpoints.json if there is one, or
// whatever files config.json names instead.
//
// It also returns what the files say of who leads in epoch 0, for a [Stake]:
// the share of overlay slots and the genesis delegates, but no pools. It holds
// for as long as neither protocol parameters nor delegates have changed.
func LoadConfig(dir string) (Config, *Distribution, error) {
	n, err := ledger.LoadNetwork(dir)
	if err != nil {
		return Config{}, nil, err
	}
	files := genesisFiles{
		ByronGenesisFile: "byron-genesis.json", ShelleyGenesisFile: "shelley-genesis.json", CheckpointsFile: "checkpoints.json",
	}
	if err := readJSONFile(dir, "config.json", &files); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Config{}, nil, err
	}
	c := Config{Network: n}
	if c.GenesisKeys, err = readGenesisKeys(dir, files.ByronGenesisFile); err != nil {
		return Config{}, nil, err
	}
	if c.Checkpoints, err = readCheckpoints(dir, files.CheckpointsFile); err != nil {
		return Config{}, nil, err
	}
	d, err := readDelegates(dir, files.ShelleyGenesisFile)
	return c, d, err
}

// genesisFiles are names of files as config.json gives them.
type genesisFiles struct{ ByronGenesisFile, ShelleyGenesisFile, CheckpointsFile string }

func readJSONFile(dir, name string, into any) error {
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("praos: %w", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("praos: %s: %w: get the file again", name, err)
	}
	return nil
}

func readGenesisKeys(dir, name string) (map[PoolID]bool, error) {
	var genesis struct {
		BootStakeholders map[string]json.RawMessage
	}
	if err := readJSONFile(dir, name, &genesis); err != nil {
		return nil, err
	}
	keys := make(map[PoolID]bool)
	for s := range genesis.BootStakeholders { // any order
		id, ok := parsePoolID(s)
		if !ok {
			return nil, fmt.Errorf("praos: %s: %q in bootStakeholders is not a key's hash", name, s)
		}
		keys[id] = true
	}
	return keys, nil
}

func readCheckpoints(dir, name string) (map[ledger.BlockNo]ledger.Hash, error) {
	var file struct {
		Checkpoints []struct {
			BlockNo ledger.BlockNo
			Hash    string
		}
	}
	if err := readJSONFile(dir, name, &file); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	checkpoints := make(map[ledger.BlockNo]ledger.Hash)
	for _, c := range file.Checkpoints {
		hash, err := ledger.ParseHash(c.Hash)
		if err != nil {
			return nil, fmt.Errorf("praos: %s: %w", name, err)
		}
		checkpoints[c.BlockNo] = hash
	}
	return checkpoints, nil
}

func readDelegates(dir, name string) (*Distribution, error) {
	var genesis struct {
		GenDelegs      map[string]struct{ Delegate, VRF string }
		ProtocolParams struct{ DecentralisationParam json.Number }
	}
	if err := readJSONFile(dir, name, &genesis); err != nil {
		return nil, err
	}
	d := &Distribution{Pools: make(map[PoolID]Pool)}
	var ok bool
	if d.Overlay, ok = parseShare(genesis.ProtocolParams.DecentralisationParam); !ok {
		return nil, fmt.Errorf("praos: %s: decentralisationParam %.40q is not a share", name, genesis.ProtocolParams.DecentralisationParam)
	}
	var keys []string
	for key := range genesis.GenDelegs { // any order
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	for _, key := range keys {
		id, ok := parsePoolID(genesis.GenDelegs[key].Delegate)
		vrf, err := ledger.ParseHash(genesis.GenDelegs[key].VRF)
		if !ok || err != nil {
			return nil, fmt.Errorf("praos: %s: delegate of %q is not two hashes", name, key)
		}
		d.Delegates = append(d.Delegates, Delegate{id, vrf})
	}
	return d, nil
}

// parseShare reads a decimal number from 0 to 1 exactly.
func parseShare(s json.Number) (ledger.Ratio, bool) {
	// The float tells absurd exponents before big.Rat writes them out.
	f, err := s.Float64()
	switch {
	case err != nil || f < 0 || f > 1 || f > 0 && f < 1e-9 || len(s) > 32:
		return ledger.Ratio{}, false
	case f == 0:
		return ledger.Ratio{Den: 1}, true
	}
	r, ok := new(big.Rat).SetString(string(s))
	if !ok || !r.Num().IsUint64() || !r.Denom().IsUint64() {
		return ledger.Ratio{}, false
	}
	return ledger.Ratio{Num: r.Num().Uint64(), Den: r.Denom().Uint64()}, true
}
