package praos

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/ouronet/ouronet/internal/genesis"
	"github.com/ouronet/ouronet/ledger"
)

// LoadConfig reads the configuration of the network whose genesis files are in
// dir, as [ledger.LoadNetwork] does, and what else the files say: the genesis
// keys of Byron, and the checkpoints of the file that config.json names, or
// without a config.json of checkpoints.json if there is one.
//
// It also returns what the files say of who leads in epoch 0, for a [Stake]:
// the share of overlay slots and the genesis delegates, but no pools. It holds
// for as long as neither protocol parameters nor delegates have changed.
func LoadConfig(dir string) (Config, *Distribution, error) {
	n, err := ledger.LoadNetwork(dir)
	if err != nil {
		return Config{}, nil, err
	}
	c, d := Config{Network: n}, (*Distribution)(nil)
	if err := c.load(dir, &d); err != nil {
		return Config{}, nil, fmt.Errorf("praos: genesis files in %s: %w", dir, err)
	}
	return c, d, nil
}

func (c *Config) load(dir string, d **Distribution) error {
	folder, err := genesis.Open(dir)
	if err != nil {
		return err
	}
	byron, _, err := folder.Byron()
	if err != nil {
		return err
	}
	if c.GenesisKeys, err = genesisKeys(byron); err != nil {
		return err
	}
	file, ok, err := folder.Checkpoints()
	if err != nil {
		return err
	}
	if ok {
		if c.Checkpoints, err = checkpoints(file); err != nil {
			return err
		}
	}
	shelley, _, err := folder.Genesis("Shelley")
	if err != nil {
		return err
	}
	*d, err = delegates(shelley)
	return err
}

// genesisKeys reads the keys of Byron's genesis.
func genesisKeys(byron genesis.Value) (map[PoolID]bool, error) {
	const field = "bootStakeholders"
	stakeholders, err := byron.Field(field)
	if err != nil {
		return nil, err
	}
	hashes, err := stakeholders.Keys()
	if err != nil {
		return nil, fmt.Errorf("%s %w", field, err)
	}
	keys := make(map[PoolID]bool)
	for _, s := range hashes {
		id, ok := parsePoolID(s)
		if !ok {
			return nil, fmt.Errorf("%s: %.60q is not a key's hash", field, s)
		}
		keys[id] = true
	}
	return keys, nil
}

// checkpoints reads the file of checkpoints. Two for one block are an error.
func checkpoints(file genesis.Object) (map[ledger.BlockNo]ledger.Hash, error) {
	list, err := file.Objects("checkpoints")
	if err != nil {
		return nil, err
	}
	checkpoints := make(map[ledger.BlockNo]ledger.Hash)
	for _, o := range list {
		number, err := o.Uint("blockNo", math.MaxUint64)
		if err != nil {
			return nil, err
		}
		s, err := o.Text("hash")
		if err != nil {
			return nil, err
		}
		hash, err := ledger.ParseHash(s)
		if err != nil {
			return nil, err
		}
		if _, twice := checkpoints[ledger.BlockNo(number)]; twice {
			return nil, fmt.Errorf("two checkpoints for block %d", number)
		}
		checkpoints[ledger.BlockNo(number)] = hash
	}
	return checkpoints, nil
}

// delegates reads who leads in the overlay slots of epoch 0.
func delegates(shelley genesis.Object) (*Distribution, error) {
	params, err := shelley.Object("protocolParams")
	if err != nil {
		return nil, err
	}
	d := &Distribution{Pools: make(map[PoolID]Pool)}
	if d.Overlay.Num, d.Overlay.Den, err = params.Share("decentralisationParam"); err != nil {
		return nil, err
	}
	delegs, err := shelley.Object("genDelegs")
	if err != nil {
		return nil, err
	}
	byKey := make(map[PoolID]Delegate)
	for _, key := range slices.Sorted(maps.Keys(delegs)) {
		id, delegate, err := delegate(delegs, key)
		if err != nil {
			return nil, fmt.Errorf("genDelegs: %w", err)
		}
		if _, twice := byKey[id]; !twice { // in capitals and in small letters: a node takes the former
			byKey[id] = delegate
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(byKey), func(a, b PoolID) int { return bytes.Compare(a[:], b[:]) }) {
		d.Delegates = append(d.Delegates, byKey[id])
	}
	return d, nil
}

func delegate(delegs genesis.Object, key string) (id PoolID, d Delegate, err error) {
	o, err := delegs.Object(key)
	if err != nil {
		return id, d, err
	}
	pool, err := o.Text("delegate")
	if err != nil {
		return id, d, err
	}
	vrf, err := o.Text("vrf")
	if err != nil {
		return id, d, err
	}
	id, known := parsePoolID(key)
	cold, ok := parsePoolID(pool)
	hash, err := ledger.ParseHash(vrf)
	if !known || !ok || err != nil {
		return id, d, fmt.Errorf("%.60q: key, delegate and vrf are not three hashes", key)
	}
	return id, Delegate{cold, hash}, nil
}
