package ledger

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/chaindata"
)

var publicNetworks = []Network{Mainnet, Preprod, Preview}

// The constants are those of the genesis files, whether the network is
// recognised or read as a custom one.
func TestGenesisFiles(t *testing.T) {
	for _, want := range publicNetworks {
		t.Run(want.Name, func(t *testing.T) {
			dir := filepath.Join(chaindata.Dir(t), "genesis", want.Name)
			got, err := LoadNetwork(dir)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("LoadNetwork = %+v, want %+v", got, want)
			}
			g := genesisDir{dir}
			var byron byronGenesis
			var shelley shelleyGenesis
			if _, err := g.read("byron-genesis.json", &byron); err != nil {
				t.Fatal(err)
			}
			if _, err := g.read("shelley-genesis.json", &shelley); err != nil {
				t.Fatal(err)
			}
			custom, err := customNetwork(byron, shelley, configFor(want))
			if err != nil {
				t.Fatal(err)
			}
			custom.Name, custom.Genesis, custom.Bootstrap = want.Name, want.Genesis, want.Bootstrap
			if !reflect.DeepEqual(custom, want) {
				t.Errorf("customNetwork = %+v, want %+v", custom, want)
			}
		})
	}
}

// configFor returns the config.json that schedules the eras as n does.
func configFor(n Network) nodeConfig {
	at := func(e Era) *uint64 { return &n.Eras[e].StartEpoch }
	return nodeConfig{
		TestShelleyHardForkAtEpoch: at(Shelley),
		TestAllegraHardForkAtEpoch: at(Allegra),
		TestMaryHardForkAtEpoch:    at(Mary),
		TestAlonzoHardForkAtEpoch:  at(Alonzo),
		TestBabbageHardForkAtEpoch: at(Babbage),
		TestConwayHardForkAtEpoch:  at(Conway),
	}
}

const (
	testByron = `{"startTime": 1700000000, "protocolConsts": {"k": 10, "protocolMagic": 42},
		"blockVersionData": {"slotDuration": "2000"}}`
	testShelley = `{"activeSlotsCoeff": 0.25, "epochLength": 500, "networkMagic": 42, "securityParam": 10,
		"slotLength": 0.1, "slotsPerKESPeriod": 129600, "maxKESEvolutions": 62,
		"protocolParams": {"maxBlockHeaderSize": 1100, "maxBlockBodySize": 65536}}`
	testConfig = `{"TestShelleyHardForkAtEpoch": 1, "TestAllegraHardForkAtEpoch": 1, "TestMaryHardForkAtEpoch": 3}`
)

func writeGenesis(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"byron-genesis.json": testByron, "shelley-genesis.json": testShelley,
		"alonzo-genesis.json": "{}", "conway-genesis.json": "{}",
	}
	for name, content := range files {
		all[name] = content
	}
	for name, content := range all {
		if content == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCustomNetwork(t *testing.T) {
	n, err := LoadNetwork(writeGenesis(t, map[string]string{"config.json": testConfig}))
	if err != nil {
		t.Fatal(err)
	}
	if n.Magic != 42 || n.Name != "custom-42" || n.ActiveSlots != (Ratio{1, 4}) || !n.Start.Equal(time.Unix(1700000000, 0)) {
		t.Errorf("LoadNetwork = %+v", n)
	}
	shelley := EraParams{Start: 100, StartEpoch: 1, EpochLength: 500, SlotLength: 100 * time.Millisecond}
	mary := shelley
	mary.Start, mary.StartEpoch = 1100, 3
	if n.Eras[Byron] != (EraParams{EpochLength: 100, SlotLength: 2 * time.Second}) ||
		n.Eras[Shelley] != shelley || n.Eras[Allegra] != shelley || n.Eras[Mary] != mary || n.Eras[Alonzo].Start != Never {
		t.Errorf("eras: %+v", n.Eras)
	}
	if got, want := n.SlotTime(101), n.Start.Add(200*time.Second+100*time.Millisecond); !got.Equal(want) {
		t.Errorf("SlotTime(101) = %v, want %v", got, want)
	}
	if got := n.EraAt(5000); got != Mary {
		t.Errorf("EraAt(5000) = %v", got)
	}
	if got := n.Epoch(1600); got != 4 {
		t.Errorf("Epoch(1600) = %d", got)
	}

	n, err = LoadNetwork(writeGenesis(t, nil))
	if err != nil || n.EraAt(0) != Conway {
		t.Errorf("without config.json: era %v at slot 0, %v", n.EraAt(0), err)
	}
}

// Eras that config.json leaves out start where the next one does that it has.
func TestSkippedEras(t *testing.T) {
	for _, test := range []struct {
		config string
		starts [NumEras]Slot
	}{
		{`"Conway": 6`, [...]Slot{0, 100, 2600, 2600, 2600, 2600, 2600, Never}},
		{`"Allegra": 2, "Mary": 3, "Alonzo": 4, "Conway": 6`, [...]Slot{0, 100, 600, 1100, 1600, 2600, 2600, Never}},
		{`"Allegra": 2, "Mary": 3, "Babbage": 5, "Conway": 6`, [...]Slot{0, 100, 600, 1100, 2100, 2100, 2600, Never}},
		{`"Mary": 3, "Babbage": 5`, [...]Slot{0, 100, 1100, 1100, 2100, 2100, Never, Never}},
		{`"Mary": 3, "Babbage": 5, "Dijkstra": 6`, [...]Slot{0, 100, 1100, 1100, 2100, 2100, Never, Never}},
		{`"Mary": 3, "Babbage": 5, "Dijkstra": 6, "Experimental": true`, [...]Slot{0, 100, 1100, 1100, 2100, 2100, 2600, 2600}},
	} {
		config := regexp.MustCompile(`"(\w+)"`).ReplaceAllString(`{"Shelley": 1, `+test.config+`}`, `"Test${1}HardForkAtEpoch"`)
		config = strings.Replace(config, "TestExperimentalHardForkAtEpoch", "ExperimentalHardForksEnabled", 1)
		n, err := LoadNetwork(writeGenesis(t, map[string]string{"config.json": config}))
		if err != nil {
			t.Fatal(err)
		}
		for era, p := range n.Eras {
			if p.Start != test.starts[era] {
				t.Errorf("%s: %v starts in slot %d, want %d", test.config, Era(era), p.Start, test.starts[era])
			}
			if p.Start > 0 && p.Start != Never && p.Start != 100+500*Slot(p.StartEpoch-1) {
				t.Errorf("%s: %v starts in slot %d and epoch %d", test.config, Era(era), p.Start, p.StartEpoch)
			}
		}
	}
}

func TestLoadNetworkErrors(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"missing file", map[string]string{"conway-genesis.json": ""}, "conway-genesis.json"},
		{"cut file", map[string]string{"shelley-genesis.json": testShelley[:60]}, "shelley-genesis.json"},
		{"two networks", map[string]string{"byron-genesis.json": strings.Replace(testByron, "42", "43", 1)}, "take all files from the same network"},
		{"no k", map[string]string{"shelley-genesis.json": strings.Replace(testShelley, "securityParam", "x", 1)}, "securityParam"},
		{"no f", map[string]string{"shelley-genesis.json": strings.Replace(testShelley, "0.25", "0", 1)}, "activeSlotsCoeff"},
		{"huge exponent", map[string]string{"shelley-genesis.json": strings.Replace(testShelley, "0.1", "1e-999999999", 1)}, "slotLength"},
		{"no start", map[string]string{"byron-genesis.json": strings.Replace(testByron, "startTime", "x", 1)}, "startTime"},
		{"no slot length", map[string]string{"byron-genesis.json": strings.Replace(testByron, "slotDuration", "x", 1)}, "slotDuration"},
		{"no Shelley", map[string]string{"config.json": "{}"}, "TestShelleyHardForkAtEpoch"},
		{"eras out of order", map[string]string{"config.json": strings.Replace(testConfig, "3", "0", 1)}, "TestMaryHardForkAtEpoch"},
		{"wrong hash", map[string]string{"config.json": `{"ShelleyGenesisHash": "00"}`}, "shelley-genesis.json has hash"},
		{"other file", map[string]string{"config.json": `{"ByronGenesisFile": "b.json"}`}, "b.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := LoadNetwork(writeGenesis(t, tt.files))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, tt.want)
			}
		})
	}
}

func TestNetworkByName(t *testing.T) {
	for _, want := range publicNetworks {
		if n, ok := NetworkByName(want.Name); !ok || n.Magic != want.Magic {
			t.Errorf("NetworkByName(%q) = %v, %v", want.Name, n.Magic, ok)
		}
	}
	if _, ok := NetworkByName("sanchonet"); ok {
		t.Error("an unknown name is found")
	}
}
