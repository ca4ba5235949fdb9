package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/genesis"
	"github.com/ouronet/ouronet/internal/testing/testenv"
)

var publicNetworks = []Network{Mainnet, Preprod, Preview}

// The constants are those of the genesis files, whether the network is
// recognised or read as a custom one.
func TestGenesisFiles(t *testing.T) {
	for _, want := range publicNetworks {
		t.Run(want.Name, func(t *testing.T) {
			dir := filepath.Join(testenv.ChainData(t), "genesis", want.Name)
			got, err := LoadNetwork(dir)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("LoadNetwork = %+v, want %+v", got, want)
			}
			g, err := genesis.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			byron, _, err := g.Byron()
			if err != nil {
				t.Fatal(err)
			}
			shelley, _, err := g.Genesis("Shelley")
			if err != nil {
				t.Fatal(err)
			}
			custom, err := customNetwork(byron, shelley, configFor(t, want))
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
func configFor(t *testing.T, n Network) genesis.Object {
	t.Helper()
	var entries []string
	for e := Shelley; e.Known(); e++ {
		if n.Eras[e].Start != Never {
			entries = append(entries, fmt.Sprintf(`"Test%vHardForkAtEpoch": %d`, e, n.Eras[e].StartEpoch))
		}
	}
	config, err := genesis.ParseConfig([]byte("{" + strings.Join(entries, ",") + "}"))
	if err != nil {
		t.Fatal(err)
	}
	return config
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
		"alonzo-genesis.json": "{}", "conway-genesis.json": "{}", "dijkstra-genesis.json": `{"a": 1}`,
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
	want := Network{
		Name: "custom-42", Magic: 42, Start: time.Unix(1700000000, 0).UTC(), SecurityParam: 10, ActiveSlots: Ratio{1, 4},
		Eras: n.Eras, Genesis: n.Genesis, SlotsPerKESPeriod: 129600, MaxKESEvolutions: 62, MaxHeaderSize: 1100, MaxBodySize: 65536,
	}
	if !reflect.DeepEqual(n, want) {
		t.Errorf("LoadNetwork = %+v, want %+v", n, want)
	}
	none := sum256([]byte("{}"))
	if n.Genesis.Shelley != sum256([]byte(testShelley)) || n.Genesis.Alonzo != none || n.Genesis.Conway != none || n.Genesis.Dijkstra != (Hash{}) {
		t.Errorf("hashes %+v", n.Genesis)
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

// Eras that config.json leaves out have no known start.
func TestSkippedEras(t *testing.T) {
	for _, test := range []struct {
		config string
		starts [NumEras]Slot
	}{
		{`"Conway": 6`, [...]Slot{0, 100, Never, Never, Never, Never, 2600, Never}},
		{`"Allegra": 2, "Mary": 3, "Alonzo": 4, "Conway": 6`, [...]Slot{0, 100, 600, 1100, 1600, Never, 2600, Never}},
		{`"Allegra": 2, "Mary": 3, "Babbage": 5, "Conway": 6`, [...]Slot{0, 100, 600, 1100, Never, 2100, 2600, Never}},
		{`"Mary": 3, "Babbage": 5`, [...]Slot{0, 100, Never, 1100, Never, 2100, Never, Never}},
		{`"Mary": 3, "Alonzo": 18446744073709551615`, [...]Slot{0, 100, Never, 1100, 100 + 500*(maxHardForkEpoch-1), Never, Never, Never}},
		{`"Mary": 3, "Babbage": 5, "Dijkstra": 6`, [...]Slot{0, 100, Never, 1100, Never, 2100, Never, Never}},
		{`"Mary": 3, "Babbage": 5, "Dijkstra": 6, "Experimental": false`, [...]Slot{0, 100, Never, 1100, Never, 2100, Never, Never}},
		{`"Mary": 3, "Babbage": 5, "Dijkstra": 6, "Experimental": true`, [...]Slot{0, 100, Never, 1100, Never, 2100, Never, 2600}},
	} {
		n := networkWith(t, test.config)
		for era := range test.starts {
			p := n.Eras[era]
			if p.Start != test.starts[era] {
				t.Errorf("%s: %v starts in slot %d, want %d", test.config, Era(era), p.Start, test.starts[era])
			}
			if p.Start > 0 && p.Start != Never && p.Start != 100+500*Slot(p.StartEpoch-1) {
				t.Errorf("%s: %v starts in slot %d and epoch %d", test.config, Era(era), p.Start, p.StartEpoch)
			}
		}
	}
}

// networkWith loads a network whose Shelley starts in epoch 1, other eras in
// these: "Mary": 3.
func networkWith(t *testing.T, eras string) Network {
	t.Helper()
	config := regexp.MustCompile(`"(\w+)"`).ReplaceAllString(`{"Shelley": 1, `+eras+`}`, `"Test${1}HardForkAtEpoch"`)
	config = strings.Replace(config, "TestExperimentalHardForkAtEpoch", "ExperimentalHardForksEnabled", 1)
	config = strings.Replace(config, "{", `{"DijkstraGenesisFile": "dijkstra-genesis.json", `, 1)
	n, err := LoadNetwork(writeGenesis(t, map[string]string{"config.json": config}))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Dijkstra's genesis file is read where a node reads it, and not elsewhere.
func TestDijkstraGenesis(t *testing.T) {
	sum := sum256([]byte(`{"a": 1}`))
	for _, tt := range []struct {
		config string
		want   Hash
		err    string
	}{
		{`"DijkstraGenesisFile": "absent.json", "DijkstraGenesisHash": "00"`, Hash{}, ""},
		{`"ExperimentalHardForksEnabled": true, "DijkstraGenesisFile": "dijkstra-genesis.json"`, sum, ""},
		{`"ExperimentalHardForksEnabled": true, "DijkstraGenesisFile": "dijkstra-genesis.json", "DijkstraGenesisHash": "` + sum.String() + `"`, sum, ""},
		{`"ExperimentalHardForksEnabled": true, "DijkstraGenesisFile": "dijkstra-genesis.json", "DijkstraGenesisHash": "` + Hash{}.String() + `"`, Hash{}, "take both from the same network"},
		{`"ExperimentalHardForksEnabled": true, "DijkstraGenesisFile": "absent.json"`, Hash{}, "absent.json"},
		{`"ExperimentalHardForksEnabled": true`, Hash{}, "no DijkstraGenesisFile"},
	} {
		config := `{"TestShelleyHardForkAtEpoch": 1, ` + tt.config + `}`
		n, err := LoadNetwork(writeGenesis(t, map[string]string{"config.json": config}))
		if tt.err == "" && (err != nil || n.Genesis.Dijkstra != tt.want) || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: hash %v, %v", tt.config, n.Genesis.Dijkstra, err)
		}
	}
}

// An epoch that no network reaches gives a slot that none reaches, not a small one.
func TestFarHardFork(t *testing.T) {
	near := networkWith(t, `"Allegra": 2`).Eras[Allegra]
	far := networkWith(t, `"Allegra": 18446744073709551615`).Eras[Allegra]
	if far.StartEpoch != maxHardForkEpoch || far.Start < near.Start+(maxHardForkEpoch-2)*Slot(near.EpochLength) {
		t.Errorf("%+v", far)
	}
}

// An era without a known start comes with any epoch after that in which the one
// before it began, up to the next known start, or never.
func TestEraPossible(t *testing.T) {
	for _, test := range []struct {
		config string
		slot   Slot
		want   string
	}{
		{`"Conway": 6`, 99, "Byron"},
		{`"Conway": 6`, 100, "Shelley"},
		{`"Conway": 6`, 599, "Shelley"},
		{`"Conway": 6`, 600, "Shelley Allegra"},
		{`"Conway": 6`, 1100, "Shelley Allegra Mary"},
		{`"Conway": 6`, 2100, "Shelley Allegra Mary Alonzo Babbage"},
		{`"Conway": 6`, 2599, "Shelley Allegra Mary Alonzo Babbage"},
		{`"Conway": 6`, 2600, "Shelley Allegra Mary Alonzo Conway"}, // Babbage ends with its epoch 6
		{`"Conway": 4`, 2099, "Shelley Allegra Mary Alonzo"},        // in epoch 5 at the earliest
		{`"Conway": 4`, 2100, "Shelley Allegra Mary Alonzo Conway"},
		{`"Allegra": 1, "Mary": 1, "Alonzo": 1, "Conway": 6`, 599, "Alonzo"},
		{`"Allegra": 1, "Mary": 1, "Alonzo": 1, "Conway": 6`, 600, "Alonzo Babbage"},
		{`"Allegra": 1, "Mary": 1, "Alonzo": 1, "Conway": 6`, 2600, "Alonzo Conway"},
		{`"Allegra": 1, "Mary": 1, "Alonzo": 1, "Babbage": 1, "Conway": 6`, 2599, "Babbage"},
		{`"Allegra": 1, "Mary": 1, "Alonzo": 1, "Babbage": 1, "Conway": 6`, 2600, "Conway"},
		{`"Allegra": 1, "Mary": 3`, 1 << 40, "Mary Alonzo Babbage Conway Dijkstra"},
	} {
		n := networkWith(t, test.config)
		var got []string
		for e := Byron; e.Known(); e++ {
			if n.EraPossible(e, test.slot) {
				got = append(got, e.String())
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %v in slot %d, want %s", test.config, got, test.slot, test.want)
		}
		if n.EraPossible(Era(NumEras), test.slot) {
			t.Errorf("%s: an unknown era in slot %d", test.config, test.slot)
		}
	}
	for _, n := range publicNetworks {
		for e := Byron; e < Dijkstra; e++ {
			start := n.Eras[e].Start
			for era := Byron; era.Known(); era++ {
				if got, want := n.EraPossible(era, start), era == n.EraAt(start); got != want {
					t.Errorf("%s: %v in slot %d: %v", n.Name, era, start, got)
				}
			}
		}
		if next := n.EpochStart(n.Eras[Conway].StartEpoch + 1); n.EraPossible(Dijkstra, next-1) || !n.EraPossible(Dijkstra, next) || !n.EraPossible(Conway, next) {
			t.Errorf("%s: Dijkstra can follow Conway from slot %d on", n.Name, next)
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
		{"no start", map[string]string{"byron-genesis.json": strings.Replace(testByron, "startTime", "x", 1)}, "startTime is missing"},
		{"no k of Byron", map[string]string{"byron-genesis.json": strings.Replace(testByron, "10", "0", 1)}, "k: 0 is out of range"},
		{"huge k of Byron", map[string]string{"byron-genesis.json": strings.Replace(testByron, "10", "4294967296", 1)}, "k: 4294967296 is out of range"},
		{"slot of a day and more", map[string]string{"byron-genesis.json": strings.Replace(testByron, "2000", "86400001", 1)}, "slotDuration"},
		{"slot of 0 ms", map[string]string{"byron-genesis.json": strings.Replace(testByron, "2000", "0", 1)}, "slotDuration"},
		{"no protocolParams", map[string]string{"shelley-genesis.json": strings.Replace(testShelley, "protocolParams", "x", 1)}, "protocolParams is missing"},
		{"no networkMagic", map[string]string{"shelley-genesis.json": strings.Replace(testShelley, "networkMagic", "x", 1)}, "networkMagic is missing"},
		{"huge header", map[string]string{"shelley-genesis.json": strings.Replace(testShelley, "1100", "65536", 1)}, "maxBlockHeaderSize"},
		{"no body", map[string]string{"shelley-genesis.json": strings.Replace(testShelley, "65536", "0", 1)}, "maxBlockBodySize is 0"},
		{"f above 1", map[string]string{"shelley-genesis.json": strings.Replace(testShelley, "0.25", "1.01", 1)}, "activeSlotsCoeff"},
		{"tiny f", map[string]string{"shelley-genesis.json": strings.Replace(testShelley, "0.25", "9e-10", 1)}, "activeSlotsCoeff is below 1e-09"},
		{"config is no JSON", map[string]string{"config.json": "TestShelleyHardForkAtEpoch: 0"}, "give the configuration of a node as JSON"},
		{"config in YAML", map[string]string{"config.yaml": "TestShelleyHardForkAtEpoch: 0"}, "convert config.yaml to JSON and name it config.json"},
		{"configuration in YAML", map[string]string{"configuration.yml": "{}"}, "convert configuration.yml to JSON"},
		{"epoch is no number", map[string]string{"config.json": strings.Replace(testConfig, "3", `"3"`, 1)}, "TestMaryHardForkAtEpoch"},
		{"experimental is no boolean", map[string]string{"config.json": strings.Replace(testConfig, "{", `{"ExperimentalHardForksEnabled": 1, `, 1)}, "ExperimentalHardForksEnabled"},
		{"old name of it", map[string]string{"config.json": strings.Replace(testConfig, "{", `{"TestEnableDevelopmentHardForkEras": false, `, 1)}, "is now called"},
		{"old and new name differ", map[string]string{"config.json": strings.Replace(testConfig, "{", `{"TestEnableDevelopmentHardForkEras": true, "ExperimentalHardForksEnabled": false, `, 1)}, "is now called"},
		{"Alonzo is no JSON", map[string]string{"alonzo-genesis.json": "{"}, "alonzo-genesis.json"},
		{"no slot length", map[string]string{"byron-genesis.json": strings.Replace(testByron, "slotDuration", "x", 1)}, "slotDuration"},
		{"no Shelley", map[string]string{"config.json": "{}"}, "TestShelleyHardForkAtEpoch"},
		{"eras out of order", map[string]string{"config.json": strings.Replace(testConfig, "3", "0", 1)}, "TestMaryHardForkAtEpoch"},
		{"wrong hash", map[string]string{"config.json": `{"ShelleyGenesisHash": "` + Hash{}.String() + `"}`}, "shelley-genesis.json has hash"},
		{"wrong hash of Byron", map[string]string{"config.json": `{"ByronGenesisHash": "` + Hash{}.String() + `"}`}, "byron-genesis.json has hash"},
		{"no hash", map[string]string{"config.json": `{"ShelleyGenesisHash": "00"}`}, "ShelleyGenesisHash"},
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

// A configuration in YAML is no error where it is not needed.
func TestUnreadConfig(t *testing.T) {
	n, err := LoadNetwork(writeGenesis(t, map[string]string{"config.json": testConfig, "config.yaml": "{}"}))
	if err != nil || n.Magic != 42 {
		t.Errorf("beside config.json: %s, %v", n.Name, err)
	}
}

// Nor is one beside the files of a network that is recognised.
func TestUnreadConfigOfPublicNetwork(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(testenv.ChainData(t), "genesis", "preview"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := LoadNetwork(dir); err != nil || n.Name != "preview" {
		t.Errorf("of a network that is recognised: %s, %v", n.Name, err)
	}
}

// What cardano-node takes is taken: fractions as objects, whole numbers as
// decimals, hashes in either case, and keys that are null.
func TestGenesisForms(t *testing.T) {
	plain := writeGenesis(t, map[string]string{"config.json": testConfig})
	want, err := LoadNetwork(plain)
	if err != nil {
		t.Fatal(err)
	}
	upper := func(h Hash) string { return strings.ToUpper(h.String()) }
	for _, tt := range []struct{ name, file, from, to string }{
		{"fraction", "shelley-genesis.json", "0.25", `{"numerator": 1, "denominator": 4}`},
		{"fraction not reduced", "shelley-genesis.json", "0.25", `{"denominator": -20.0, "numerator": -5e0}`},
		{"exponent", "shelley-genesis.json", "0.25", "250E-3"},
		{"decimal", "shelley-genesis.json", `"securityParam": 10`, `"securityParam": 10.0`},
		{"power of ten", "shelley-genesis.json", `"epochLength": 500`, `"epochLength": 0.5e+3`},
		{"magic", "shelley-genesis.json", "42", "4.2e1"},
		{"sizes", "shelley-genesis.json", "1100", "11e2"},
		{"less than a microsecond", "shelley-genesis.json", "0.1", "0.1000009"},
		{"first of two", "shelley-genesis.json", "{", `{"epochLength": 500, "epochLength": 600, "EpochLength": 700, `},
		{"long exponent", "shelley-genesis.json", "{", `{"x": 1e99999999999999999999, `},
		{"Byron of another layout", "byron-genesis.json", "{", "\v{\"x\": [], \"y\": \"\n\xff\",\xa0"},
		{"magic of Byron cut to 32 bits", "byron-genesis.json", "42", "4294967338"},
		{"space in a number", "byron-genesis.json", `"2000"`, `" 02000 "`},
		{"trailing bytes", "byron-genesis.json", `"slotDuration": "2000"}}`, `"slotDuration": "2000"}} x`},
		{"hash in capitals", "config.json", "{", `{"ShelleyGenesisHash": "` + upper(want.Genesis.Shelley) + `", "ByronGenesisHash": "` + upper(want.Genesis.Byron) + `", `},
		{"null", "config.json", "{", `{"ShelleyGenesisHash": null, "AlonzoGenesisFile": null, "TestConwayHardForkAtEpoch": null, `},
		{"old and new name of experimental eras", "config.json", "{", `{"TestEnableDevelopmentHardForkEras": false, "ExperimentalHardForksEnabled": false, `},
		{"last of two", "config.json", "{", `{"TestMaryHardForkAtEpoch": 1, `},
		{"epoch as a decimal", "config.json", "3}", "3.0}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			content := map[string]string{"byron-genesis.json": testByron, "shelley-genesis.json": testShelley, "config.json": testConfig}[tt.file]
			changed := strings.Replace(content, tt.from, tt.to, 1)
			if changed == content {
				t.Fatalf("%s has no %s", tt.file, tt.from)
			}
			got, err := LoadNetwork(writeGenesis(t, map[string]string{"config.json": testConfig, tt.file: changed}))
			if err != nil {
				t.Fatal(err)
			}
			got.Genesis = want.Genesis
			if !reflect.DeepEqual(got, want) {
				t.Errorf("LoadNetwork = %+v, want %+v", got, want)
			}
		})
	}
}

// What is at a limit is taken, and what is beyond it is an error.
func TestGenesisLimits(t *testing.T) {
	for _, tt := range []struct{ file, from, to, err string }{
		{"byron-genesis.json", `"k": 10`, `"k": 1`, ""},
		{"byron-genesis.json", `"k": 10`, `"k": 4294967295`, ""},
		{"byron-genesis.json", `"k": 10`, `"k": -1`, "k: -1 is out of range"},
		{"byron-genesis.json", `"k": 10`, `"k": "10"`, "k: "},
		{"byron-genesis.json", `"2000"`, `"1"`, ""},
		{"byron-genesis.json", `"2000"`, `"86400000"`, ""},
		{"byron-genesis.json", `"2000"`, `true`, "slotDuration: "},
		{"byron-genesis.json", `1700000000`, `"x"`, "startTime: "},
		{"byron-genesis.json", `"protocolMagic": 42`, `"protocolMagic": "x"`, "protocolMagic: "},
		{"byron-genesis.json", `"blockVersionData"`, `"x"`, "blockVersionData is missing"},
		{"shelley-genesis.json", `"securityParam": 10`, `"securityParam": 1`, ""},
		{"shelley-genesis.json", `"securityParam": 10`, `"securityParam": 4294967295`, ""},
		{"shelley-genesis.json", `"securityParam": 10`, `"securityParam": 4294967296`, "securityParam"},
		{"shelley-genesis.json", `"epochLength": 500`, `"epochLength": 4294967295`, ""},
		{"shelley-genesis.json", `"epochLength": 500`, `"epochLength": 4294967296`, "epochLength"},
		{"shelley-genesis.json", `"epochLength": 500`, `"epochLength": 0`, "epochLength is 0"},
		{"shelley-genesis.json", `129600`, `4294967296`, "slotsPerKESPeriod"},
		{"shelley-genesis.json", `62`, `4294967296`, "maxKESEvolutions"},
		{"shelley-genesis.json", `1100`, `65535`, ""},
		{"shelley-genesis.json", `65536`, `4294967295`, ""},
		{"shelley-genesis.json", `65536`, `4294967296`, "maxBlockBodySize"},
		{"shelley-genesis.json", `"networkMagic": 42`, `"networkMagic": 4294967296`, "networkMagic"},
		{"shelley-genesis.json", `0.25`, `1e-9`, ""},
		{"shelley-genesis.json", `0.25`, `1`, ""},
		{"shelley-genesis.json", `"slotLength"`, `"x"`, "slotLength"},
		{"config.json", `"TestAllegraHardForkAtEpoch": 1`, `"TestAllegraHardForkAtEpoch": 0`, "TestAllegraHardForkAtEpoch 0 is before the era"},
		{"config.json", `"TestShelleyHardForkAtEpoch": 1`, `"TestShelleyHardForkAtEpoch": "1"`, "TestShelleyHardForkAtEpoch"},
		{"config.json", `"TestShelleyHardForkAtEpoch": 1`, `"TestShelleyHardForkAtEpoch": -1`, "TestShelleyHardForkAtEpoch"},
		{"config.json", `3}`, `18446744073709551616}`, "TestMaryHardForkAtEpoch"},
		{"config.json", `{`, `{"TestEnableDevelopmentHardForkEras": 1, `, "TestEnableDevelopmentHardForkEras"},
		{"config.json", `{`, `{"ExperimentalHardForksEnabled": true, "TestEnableDevelopmentHardForkEras": false, `, "is now called"},
	} {
		content := map[string]string{"byron-genesis.json": testByron, "shelley-genesis.json": testShelley, "config.json": testConfig}[tt.file]
		changed := strings.Replace(content, tt.from, tt.to, 1)
		if changed == content {
			t.Fatalf("%s has no %s", tt.file, tt.from)
		}
		_, err := LoadNetwork(writeGenesis(t, map[string]string{"config.json": testConfig, tt.file: changed}))
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s for %s: %v, want %q", tt.to, tt.from, err, tt.err)
		}
	}
	// A folder that is none.
	if _, err := LoadNetwork(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no folder, but no error")
	}
}

// LoadNetwork meets these errors before the functions that it calls do.
func TestCustomNetworkErrors(t *testing.T) {
	byron, err := genesis.ParseCanonical([]byte(testByron))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ shelley, config, want string }{
		{testShelley, `{"TestShelleyHardForkAtEpoch": 0, "ExperimentalHardForksEnabled": 1}`, "ExperimentalHardForksEnabled"},
		{testShelley, `{"TestShelleyHardForkAtEpoch": 0, "TestEnableDevelopmentHardForkEras": true}`, "is now called"},
		{strings.Replace(testShelley, "maxBlockBodySize", "x", 1), `{"TestShelleyHardForkAtEpoch": 0}`, "maxBlockBodySize"},
	} {
		shelley, err := genesis.Parse([]byte(tt.shelley))
		if err != nil {
			t.Fatal(err)
		}
		config, err := genesis.ParseConfig([]byte(tt.config))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := customNetwork(byron, shelley, config); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.config, err, tt.want)
		}
	}
}

func TestNetworkByGenesis(t *testing.T) {
	for _, want := range publicNetworks {
		hashes := want.Genesis
		hashes.Alonzo, hashes.Conway = Hash{1}, Hash{2}
		if n, ok := networkByGenesis(hashes); !ok || n.Name != want.Name || n.Genesis != hashes {
			t.Errorf("%s: %s, %v", want.Name, n.Name, ok)
		}
		for _, other := range publicNetworks {
			if other.Name == want.Name {
				continue
			}
			if n, ok := networkByGenesis(GenesisHashes{Byron: want.Genesis.Byron, Shelley: other.Genesis.Shelley}); ok {
				t.Errorf("Byron of %s and Shelley of %s: %s", want.Name, other.Name, n.Name)
			}
		}
	}
}

// A network is one of the public ones only if both hashes are: its Byron file
// does not make another network mainnet.
func TestForeignShelley(t *testing.T) {
	dir := filepath.Join(testenv.ChainData(t), "genesis", "mainnet")
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	files := map[string]string{"byron-genesis.json": read("byron-genesis.json"), "shelley-genesis.json": read("shelley-genesis.json") + " "}
	n, err := LoadNetwork(writeGenesis(t, files))
	if err != nil || n.Name != "custom-764824073" || n.Genesis.Byron != Mainnet.Genesis.Byron {
		t.Errorf("another Shelley genesis gives network %s, %v", n.Name, err)
	}
	n, err = LoadNetwork(writeGenesis(t, map[string]string{"byron-genesis.json": strings.Replace(files["byron-genesis.json"], "{", `{"x": 1,`, 1), "shelley-genesis.json": read("shelley-genesis.json")}))
	if err != nil || n.Name != "custom-764824073" || n.Genesis.Shelley != Mainnet.Genesis.Shelley {
		t.Errorf("another Byron genesis gives network %s, %v", n.Name, err)
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
