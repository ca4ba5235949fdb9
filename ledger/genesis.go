package ledger

import (
	"fmt"

	"github.com/ouronet/ouronet/internal/genesis"
)

// LoadNetwork reads the network whose genesis files are in dir: byron-genesis.json,
// shelley-genesis.json, alonzo-genesis.json and conway-genesis.json, or what
// config.json of a cardano-node in the same folder names instead. It reads them as
// cardano-node does, and so Dijkstra's only where config.json enables experimental hard
// forks. Errors name the file and what to do.
//
// The genesis files do not say when an era starts. Mainnet, preprod and preview are
// recognised by their hashes. For any other network config.json says it
// (TestShelleyHardForkAtEpoch and so on). An era that it does not mention comes by
// protocol version, and its start is [Never]: see [Network.EraPossible]. Name its epoch
// there once it has begun: until then the era of a header is the one that peers send.
// Without a config.json all eras start at slot 0, as on most private networks. A node's
// configuration may also be YAML, which is not read: where there is such a file and no
// config.json, that is an error for a network not recognised.
func LoadNetwork(dir string) (Network, error) {
	folder, err := genesis.Open(dir)
	if err != nil {
		return Network{}, fmt.Errorf("ledger: %w", err)
	}
	var hashes GenesisHashes
	byron, sum, err := folder.Byron()
	if err != nil {
		return Network{}, fmt.Errorf("ledger: %w", err)
	}
	hashes.Byron = sum
	var shelley genesis.Object
	type file struct {
		era  Era
		into *genesis.Object
		hash *Hash
	}
	files := []file{
		{Shelley, &shelley, &hashes.Shelley},
		{Alonzo, new(genesis.Object), &hashes.Alonzo},
		{Conway, new(genesis.Object), &hashes.Conway},
	}
	experimental, err := experimentalEras(folder.Config)
	if err != nil {
		return Network{}, fmt.Errorf("ledger: %w", err)
	}
	if experimental {
		const key = "DijkstraGenesisFile"
		if !folder.Config.Has(key) {
			return Network{}, fmt.Errorf("ledger: config.json has ExperimentalHardForksEnabled and no %s, which a node then needs: name it", key)
		}
		files = append(files, file{Dijkstra, new(genesis.Object), &hashes.Dijkstra})
	}
	for _, f := range files {
		if *f.into, sum, err = folder.Genesis(f.era.String()); err != nil {
			return Network{}, fmt.Errorf("ledger: %w", err)
		}
		*f.hash = sum
	}
	if n, ok := networkByGenesis(hashes); ok {
		return n, nil
	}
	if other := folder.Unread(); other != "" {
		return Network{}, fmt.Errorf("ledger: %s: only config.json is read, and without it nothing says when eras start: convert %s to JSON and name it config.json", dir, other)
	}
	n, err := customNetwork(byron, shelley, folder.Config)
	if err != nil {
		return Network{}, fmt.Errorf("ledger: genesis files in %s: %w", dir, err)
	}
	n.Genesis = hashes
	return n, nil
}

// networkByGenesis returns the public network with these hashes. Byron's and
// Shelley's count: the others were made later, and are not the same everywhere.
func networkByGenesis(hashes GenesisHashes) (n Network, ok bool) {
	for _, n := range []Network{Mainnet, Preprod, Preview} {
		if n.Genesis.Byron == hashes.Byron && n.Genesis.Shelley == hashes.Shelley {
			n.Genesis = hashes
			return n, true
		}
	}
	return Network{}, false
}
