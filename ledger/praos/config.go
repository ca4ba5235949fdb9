package praos

import (
	"errors"
	"fmt"

	"github.com/ouronet/ouronet/ledger"
)

// Config has a [Verifier]'s data about the network. Only Network is needed:
// [ledger.Mainnet], [ledger.Preprod], [ledger.Preview] or what [ledger.LoadNetwork]
// returned. It must not change afterwards.
type Config struct {
	Network ledger.Network

	// Require are checks that every header must have, but for checks that its era does
	// not have: Prepare returns an [*UncheckedError] for a header for which too little
	// is known. Zero requires none.
	Require Checks

	// MaxMajor is the highest major protocol version known; zero means 11, or 12
	// where the network has a genesis file of Dijkstra, as in a node.
	// (cardano-node, Node/Protocol/Cardano.hs, cardanoProtocolVersion)
	// Headers of TPraos may not have a higher one.
	MaxMajor uint64

	// MaxHeaderSize and MaxBodySize are limits in bytes. Zero means the
	// network's, but at least 90,112 for bodies, as the limit of the public
	// networks was raised to.
	MaxHeaderSize, MaxBodySize uint32

	// ExtraEntropy was mixed into the nonces of these epochs; nil means what
	// is known of the network.
	ExtraEntropy map[uint64]ledger.Hash

	// Checkpoints are blocks that the chain must have; nil means none.
	Checkpoints map[ledger.BlockNo]ledger.Hash

	// GenesisKeys are the hashes of the Byron genesis file's keys
	// (bootStakeholders); nil means those of mainnet or preprod, and leaves
	// [GenesisKey] unchecked on other networks.
	GenesisKeys map[PoolID]bool

	// Stake knows who may lead; nil leaves [Leadership] unchecked.
	Stake Stake

	// Issuers is for how many issuers keys and certificates are kept ready;
	// zero means 2048, which may take up to 30 MB.
	Issuers int
}

// Defaults of [Config].
const (
	defaultMaxMajor    = 11
	dijkstraMaxMajor   = 12
	defaultMaxBodySize = 90112
	defaultIssuers     = 2048
)

// mainnetEntropy was mixed into the nonce of mainnet's epoch 259, in Mary.
// (header-validation, 10)
var mainnetEntropy = map[uint64]ledger.Hash{259: {
	0xd9, 0x82, 0xe0, 0x6f, 0xd3, 0x3e, 0x74, 0x40, 0xb4, 0x3c, 0xef, 0xad, 0x52, 0x9b, 0x7e, 0xca,
	0xfb, 0xaa, 0x25, 0x5e, 0x38, 0x17, 0x8a, 0xd4, 0x18, 0x9a, 0x37, 0xe4, 0xce, 0x9b, 0xf1, 0xfa,
}}

// Verifier checks headers. Its methods may be called by many goroutines at
// once.
type Verifier struct {
	config               Config
	window, conwayWindow uint64 // slots at an epoch's end that do not count for the next
	threshold            *threshold
	issuers              *cache
}

// NewVerifier returns a verifier for a network.
func NewVerifier(c Config) (*Verifier, error) {
	n := &c.Network
	if f := n.ActiveSlots; f.Num == 0 || f.Num > f.Den {
		return nil, errors.New("praos: the configuration has no network: set Config.Network")
	}
	if n.SlotsPerKESPeriod == 0 || n.MaxKESEvolutions == 0 || n.SecurityParam == 0 {
		return nil, fmt.Errorf("praos: network %q lacks SecurityParam, SlotsPerKESPeriod or MaxKESEvolutions", n.Name)
	}
	if c.MaxMajor == 0 {
		c.MaxMajor = defaultMaxMajor
		if n.Genesis.Dijkstra != (ledger.Hash{}) {
			c.MaxMajor = dijkstraMaxMajor
		}
	}
	if c.MaxHeaderSize == 0 {
		c.MaxHeaderSize = n.MaxHeaderSize
	}
	if c.MaxBodySize == 0 {
		c.MaxBodySize = max(n.MaxBodySize, defaultMaxBodySize)
	}
	if c.ExtraEntropy == nil && n.Genesis.Shelley == ledger.Mainnet.Genesis.Shelley {
		c.ExtraEntropy = mainnetEntropy
	}
	if c.GenesisKeys == nil {
		c.GenesisKeys = knownGenesisKeys(n)
	}
	if c.Issuers <= 0 {
		c.Issuers = defaultIssuers
	}
	return &Verifier{
		config: c,
		window: n.Window(3), conwayWindow: n.Window(4),
		threshold: newThreshold(n.ActiveSlots),
		issuers:   newCache(c.Issuers),
	}, nil
}
