package praos

import (
	"maps"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// What a configuration leaves out is known of the network, and what it says is
// left as it is.
func TestConfigDefaults(t *testing.T) {
	small := ledger.Preview
	small.MaxHeaderSize, small.MaxBodySize = 900, 1000
	large := ledger.Preview
	large.MaxBodySize = 200_000
	dijkstra := ledger.Preview
	dijkstra.Genesis.Dijkstra = ledger.Hash{1}
	keys := map[PoolID]bool{{1}: true}
	entropy := map[uint64]ledger.Hash{3: {4}}
	for _, test := range []struct {
		name    string
		given   Config
		major   uint64
		header  uint32
		body    uint32
		issuers int
		entropy map[uint64]ledger.Hash
		keys    map[PoolID]bool
	}{
		{"mainnet", Config{Network: ledger.Mainnet}, 11, 1100, 90112, 2048, mainnetEntropy, poolIDs(mainnetGenesisKeys)},
		{"preprod", Config{Network: ledger.Preprod}, 11, 1100, 90112, 2048, nil, poolIDs(preprodGenesisKeys)},
		{"preview", Config{Network: ledger.Preview}, 11, 1100, 90112, 2048, nil, nil},
		{"Dijkstra", Config{Network: dijkstra}, 12, 1100, 90112, 2048, nil, nil},
		{"small", Config{Network: small}, 11, 900, 90112, 2048, nil, nil},
		{"large", Config{Network: large, Issuers: -1}, 11, 1100, 200_000, 2048, nil, nil},
		{
			"given",
			Config{
				Network: ledger.Mainnet, MaxMajor: 3, MaxHeaderSize: 4, MaxBodySize: 5, Issuers: 6, ExtraEntropy: entropy, GenesisKeys: keys,
			},
			3, 4, 5, 6, entropy, keys,
		},
	} {
		v := verifier(t, test.given)
		c := v.config
		if c.MaxMajor != test.major || c.MaxHeaderSize != test.header || c.MaxBodySize != test.body || c.Issuers != test.issuers || v.issuers.limit != test.issuers {
			t.Errorf("%s: %+v", test.name, c)
		}
		if !maps.Equal(c.ExtraEntropy, test.entropy) || !maps.Equal(c.GenesisKeys, test.keys) || (c.GenesisKeys == nil) != (test.keys == nil) {
			t.Errorf("%s: entropy %v, genesis keys %v", test.name, c.ExtraEntropy, c.GenesisKeys)
		}
		if n := &test.given.Network; v.window != n.Window(3) || v.conwayWindow != n.Window(4) {
			t.Errorf("%s: windows of %d and %d slots", test.name, v.window, v.conwayWindow)
		}
	}
}

// Without what nonces and periods are counted with there is no verifier.
func TestConfigWithoutNetwork(t *testing.T) {
	for name, change := range map[string]func(n *ledger.Network){
		"no network":        func(n *ledger.Network) { *n = ledger.Network{} },
		"no active slots":   func(n *ledger.Network) { n.ActiveSlots.Num = 0 },
		"f above 1":         func(n *ledger.Network) { n.ActiveSlots = ledger.Ratio{Num: 2, Den: 1} },
		"no KES period":     func(n *ledger.Network) { n.SlotsPerKESPeriod = 0 },
		"no KES evolutions": func(n *ledger.Network) { n.MaxKESEvolutions = 0 },
		"no k":              func(n *ledger.Network) { n.SecurityParam = 0 },
	} {
		n := ledger.Preview
		change(&n)
		if v, err := NewVerifier(Config{Network: n}); err == nil || v != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	n := ledger.Preview
	n.ActiveSlots = ledger.Ratio{Num: 1, Den: 1}
	if v := verifier(t, Config{Network: n}); !v.threshold.leads(filled(0xff, 64), ledger.Ratio{}) {
		t.Error("with f = 1 not everybody leads")
	}
}

// The genesis keys of the public networks are held against Byron headers
// without being asked for.
func TestKnownGenesisKeys(t *testing.T) {
	if n := len(poolIDs(mainnetGenesisKeys)); n != 7 {
		t.Errorf("%d keys of mainnet", n)
	}
	if n := len(poolIDs(preprodGenesisKeys)); n != 7 {
		t.Errorf("%d keys of preprod", n)
	}
	for _, s := range []string{"", "zz", "1deb", mainnetGenesisKeys[0] + "00"} {
		if _, ok := parsePoolID(s); ok {
			t.Errorf("%q is an id", s)
		}
	}
}

func filled(v byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = v
	}
	return b
}
