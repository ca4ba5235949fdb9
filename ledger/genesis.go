package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// LoadNetwork reads the network whose genesis files are in dir:
// byron-genesis.json, shelley-genesis.json, alonzo-genesis.json and
// conway-genesis.json, or what config.json of a cardano-node in the same folder
// names instead. Errors say which file is wrong and what to do.
//
// The genesis files do not say when an era starts. Mainnet, preprod and preview
// are recognised by their hashes. For any other network config.json says it
// (TestShelleyHardForkAtEpoch and so on; an era that is not mentioned starts
// where the next one does, or [Never]); without a config.json all eras start at
// slot 0, as on most private networks.
func LoadNetwork(dir string) (Network, error) {
	g := genesisDir{dir: dir}
	config, err := g.config()
	if err != nil {
		return Network{}, err
	}
	var byron byronGenesis
	var shelley shelleyGenesis
	var hashes GenesisHashes
	for _, f := range []struct {
		name, file, hash string
		into             any
		sum              *Hash
	}{
		{"byron-genesis.json", config.ByronGenesisFile, config.ByronGenesisHash, &byron, &hashes.Byron},
		{"shelley-genesis.json", config.ShelleyGenesisFile, config.ShelleyGenesisHash, &shelley, &hashes.Shelley},
		{"alonzo-genesis.json", config.AlonzoGenesisFile, config.AlonzoGenesisHash, new(any), &hashes.Alonzo},
		{"conway-genesis.json", config.ConwayGenesisFile, config.ConwayGenesisHash, new(any), &hashes.Conway},
	} {
		name := f.name
		if f.file != "" {
			name = f.file
		}
		if *f.sum, err = g.read(name, f.into); err != nil {
			return Network{}, err
		}
		if f.hash != "" && f.hash != f.sum.String() {
			return Network{}, fmt.Errorf("ledger: %s has hash %v, config.json says %s: take both from the same network", g.path(name), *f.sum, f.hash)
		}
	}
	for _, n := range []Network{Mainnet, Preprod, Preview} {
		if n.Genesis.Byron == hashes.Byron && n.Genesis.Shelley == hashes.Shelley {
			n.Genesis = hashes
			return n, nil
		}
	}
	n, err := customNetwork(byron, shelley, config)
	if err != nil {
		return Network{}, fmt.Errorf("ledger: genesis files in %s: %w", dir, err)
	}
	n.Genesis = hashes
	return n, nil
}

type byronGenesis struct {
	StartTime        *int64 // Unix seconds
	ProtocolConsts   struct{ K, ProtocolMagic uint64 }
	BlockVersionData struct {
		SlotDuration json.Number // ms, as a string
	}
}

type shelleyGenesis struct {
	ActiveSlotsCoeff  json.Number
	EpochLength       uint64
	NetworkMagic      uint64
	SecurityParam     uint64
	SlotLength        json.Number // s
	SlotsPerKESPeriod uint64
	MaxKESEvolutions  uint64
	ProtocolParams    struct {
		MaxBlockHeaderSize uint32
		MaxBlockBodySize   uint32
	}
}

// nodeConfig is what config.json of a cardano-node says about the genesis files
// and the eras.
type nodeConfig struct {
	ByronGenesisFile, ShelleyGenesisFile, AlonzoGenesisFile, ConwayGenesisFile string
	ByronGenesisHash, ShelleyGenesisHash, AlonzoGenesisHash, ConwayGenesisHash string

	TestShelleyHardForkAtEpoch *uint64
	TestAllegraHardForkAtEpoch *uint64
	TestMaryHardForkAtEpoch    *uint64
	TestAlonzoHardForkAtEpoch  *uint64
	TestBabbageHardForkAtEpoch *uint64
	TestConwayHardForkAtEpoch  *uint64

	// The node reads this one only if it is told that it may.
	TestDijkstraHardForkAtEpoch  *uint64
	ExperimentalHardForksEnabled bool

	missing bool // there is no such file
}

func (c *nodeConfig) hardForks() [NumEras]*uint64 {
	forks := [NumEras]*uint64{
		Shelley: c.TestShelleyHardForkAtEpoch,
		Allegra: c.TestAllegraHardForkAtEpoch,
		Mary:    c.TestMaryHardForkAtEpoch,
		Alonzo:  c.TestAlonzoHardForkAtEpoch,
		Babbage: c.TestBabbageHardForkAtEpoch,
		Conway:  c.TestConwayHardForkAtEpoch,
	}
	if c.ExperimentalHardForksEnabled {
		forks[Dijkstra] = c.TestDijkstraHardForkAtEpoch
	}
	return forks
}

// genesisDir reads JSON files of a folder.
type genesisDir struct{ dir string }

func (g genesisDir) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(g.dir, name)
}

func (g genesisDir) config() (c nodeConfig, err error) {
	_, err = g.read("config.json", &c)
	if errors.Is(err, fs.ErrNotExist) {
		return nodeConfig{missing: true}, nil
	}
	return c, err
}

// read decodes a file and returns its genesis hash.
func (g genesisDir) read(name string, into any) (Hash, error) {
	path := g.path(name)
	b, err := os.ReadFile(path)
	if err != nil {
		return Hash{}, fmt.Errorf("ledger: %w: give a folder with the network's genesis files", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return Hash{}, fmt.Errorf("ledger: %s: %w: get the file again", path, err)
	}
	if _, ok := into.(*byronGenesis); ok {
		// Byron's hash is over the canonical form: keys sorted, no white space.
		if b, err = canonicalJSON(b); err != nil {
			return Hash{}, fmt.Errorf("ledger: %s: %w: get the file again", path, err)
		}
	}
	return sum256(b), nil
}

func canonicalJSON(b []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
