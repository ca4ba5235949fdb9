package praos

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
)

// What is known of the public networks is what their files say.
func TestLoadConfig(t *testing.T) {
	for _, n := range []ledger.Network{ledger.Mainnet, ledger.Preprod, ledger.Preview} {
		c, d, err := LoadConfig(filepath.Join(testenv.ChainData(t), "genesis", n.Name))
		if err != nil {
			t.Fatal(err)
		}
		if known := knownGenesisKeys(&n); known != nil && !maps.Equal(known, c.GenesisKeys) || len(c.GenesisKeys) != 7 {
			t.Errorf("%s: genesis keys %v", n.Name, c.GenesisKeys)
		}
		if d.Overlay != (ledger.Ratio{Num: 1, Den: 1}) || len(d.Delegates) != 7 {
			t.Errorf("%s: %d delegates, overlay %v", n.Name, len(d.Delegates), d.Overlay)
		}
		if c.Network.Name != n.Name || len(c.Checkpoints) == 0 && n.Name != "preprod" {
			t.Errorf("%s: network %s, %d checkpoints", n.Name, c.Network.Name, len(c.Checkpoints))
		}
	}
	if _, _, err := LoadConfig(t.TempDir()); err == nil {
		t.Error("read an empty folder")
	}
}

const (
	key1, key2 = "0a000000000000000000000000000000000000000000000000000001", "0b000000000000000000000000000000000000000000000000000002"
	hash1      = "c100000000000000000000000000000000000000000000000000000000000003"

	byronFile = `{"startTime": 1700000000, "protocolConsts": {"k": 10, "protocolMagic": 42},
		"blockVersionData": {"slotDuration": "2000"}, "bootStakeholders": {"` + key1 + `": 1}}`
	shelleyFile = `{"activeSlotsCoeff": 0.25, "epochLength": 5, "networkMagic": 42, "securityParam": 10,
		"slotLength": 1, "slotsPerKESPeriod": 129600, "maxKESEvolutions": 62,
		"protocolParams": {"maxBlockHeaderSize": 1100, "maxBlockBodySize": 65536, "decentralisationParam": 1},
		"genDelegs": {"` + key2 + `": {"delegate": "` + key2 + `", "vrf": "` + hash1 + `"},
			"` + key1 + `": {"delegate": "` + key1 + `", "vrf": "` + hash1 + `"}}}`
	checkpointsFile = `{"checkpoints": [{"blockNo": 3, "hash": "` + hash1 + `"}, {"blockNo": 4e3, "hash": "` + hash1 + `"}]}`
)

// loadFiles loads the configuration of the files above, some of them replaced.
func loadFiles(t *testing.T, replaced map[string]string) (Config, *Distribution, error) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"byron-genesis.json": byronFile, "shelley-genesis.json": shelleyFile,
		"alonzo-genesis.json": "{}", "conway-genesis.json": "{}", "checkpoints.json": checkpointsFile}
	maps.Copy(files, replaced)
	for name, content := range files {
		if content == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return LoadConfig(dir)
}

func TestLoadConfigForms(t *testing.T) {
	replace := func(file, from, to string) string {
		t.Helper()
		changed := strings.Replace(file, from, to, 1)
		if changed == file {
			t.Fatalf("no %s to replace", from)
		}
		return changed
	}
	for _, test := range []struct {
		name                            string
		files                           map[string]string
		keys, checkpoints, delegatesLen int
		overlay                         ledger.Ratio
	}{
		{"plain", nil, 1, 2, 2, ledger.Ratio{Num: 1, Den: 1}},
		{"no checkpoints", map[string]string{"checkpoints.json": ""}, 1, 0, 2, ledger.Ratio{Num: 1, Den: 1}},
		{"checkpoints not named", map[string]string{"config.json": `{"TestShelleyHardForkAtEpoch": 0}`}, 1, 0, 2, ledger.Ratio{Num: 1, Den: 1}},
		{"checkpoints named", map[string]string{"checkpoints.json": "", "c": checkpointsFile,
			"config.json": `{"TestShelleyHardForkAtEpoch": 0, "CheckpointsFile": "c", "CheckpointsFileHash": null}`}, 1, 2, 2, ledger.Ratio{Num: 1, Den: 1}},
		{"d as a fraction", map[string]string{"shelley-genesis.json": replace(shelleyFile, `Param": 1}`, `Param": {"numerator": 2, "denominator": 6}}`)}, 1, 2, 2, ledger.Ratio{Num: 1, Den: 3}},
		{"d is 0", map[string]string{"shelley-genesis.json": replace(shelleyFile, `Param": 1}`, `Param": -0.0e9}`)}, 1, 2, 2, ledger.Ratio{Num: 0, Den: 1}},
		{"capitals", map[string]string{"byron-genesis.json": replace(byronFile, key1, strings.ToUpper(key1)),
			"shelley-genesis.json": replace(strings.ReplaceAll(shelleyFile, hash1, strings.ToUpper(hash1)), key2, strings.ToUpper(key2))}, 1, 2, 2, ledger.Ratio{Num: 1, Den: 1}},
		{"one key twice", map[string]string{"shelley-genesis.json": replace(shelleyFile, key2, strings.ToUpper(key1))}, 1, 2, 1, ledger.Ratio{Num: 1, Den: 1}},
	} {
		c, d, err := loadFiles(t, test.files)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if len(c.GenesisKeys) != test.keys || len(c.Checkpoints) != test.checkpoints || len(d.Delegates) != test.delegatesLen || d.Overlay != test.overlay {
			t.Errorf("%s: %d keys, %d checkpoints, %d delegates, overlay %v", test.name, len(c.GenesisKeys), len(c.Checkpoints), len(d.Delegates), d.Overlay)
		}
		// The delegate whose genesis key is the lowest comes first.
		if test.name != "one key twice" && (d.Delegates[0].Key[27] != 1 || d.Delegates[1].Key[27] != 2) {
			t.Errorf("%s: delegates %v", test.name, d.Delegates)
		}
	}
}

// A file that is not what it should be gives no configuration with fewer checks.
func TestLoadConfigErrors(t *testing.T) {
	for _, test := range []struct{ name, file, from, to, want string }{
		{"no keys", "byron-genesis.json", "bootStakeholders", "x", "bootStakeholders is missing"},
		{"keys in a list", "byron-genesis.json", `{"` + key1 + `": 1}`, "[]", "bootStakeholders is not an object"},
		{"key too short", "byron-genesis.json", key1, key1[2:], "is not a key's hash"},
		{"no d", "shelley-genesis.json", "decentralisationParam", "x", "decentralisationParam is missing"},
		{"d above 1", "shelley-genesis.json", `Param": 1}`, `Param": 1.5}`, "decentralisationParam"},
		{"d as a string", "shelley-genesis.json", `Param": 1}`, `Param": "1"}`, "decentralisationParam"},
		{"no delegates", "shelley-genesis.json", "genDelegs", "x", "genDelegs is missing"},
		{"delegate is no object", "shelley-genesis.json", `"` + key2 + `": {`, `"` + key2 + `": 1, "x": {`, "is not a JSON object"},
		{"genesis key too short", "shelley-genesis.json", key2, key2[2:], "are not three hashes"},
		{"cold key too short", "shelley-genesis.json", `"delegate": "0b`, `"delegate": "`, "are not three hashes"},
		{"no delegate", "shelley-genesis.json", `"delegate": "0b`, `"x": "0b`, "delegate is missing"},
		{"no VRF key", "shelley-genesis.json", `"vrf"`, `"x"`, "vrf is missing"},
		{"VRF key too short", "shelley-genesis.json", hash1, hash1[2:], "are not three hashes"},
		{"checkpoints cut", "checkpoints.json", "]}", "", "checkpoints.json"},
		{"no checkpoints", "checkpoints.json", "checkpoints", "x", "checkpoints is missing"},
		{"no number", "checkpoints.json", `"blockNo": 3`, `"blockNo": -3`, "blockNo"},
		{"no hash", "checkpoints.json", `"hash"`, `"x"`, "hash is missing"},
		{"short hash", "checkpoints.json", hash1, hash1[2:], "is not a hash"},
		{"two for one block", "checkpoints.json", "4e3", "3.0", "two checkpoints for block 3"},
	} {
		content := map[string]string{"byron-genesis.json": byronFile, "shelley-genesis.json": shelleyFile, "checkpoints.json": checkpointsFile}[test.file]
		changed := strings.Replace(content, test.from, test.to, 1)
		if changed == content {
			t.Fatalf("%s: no %s in %s", test.name, test.from, test.file)
		}
		c, d, err := loadFiles(t, map[string]string{test.file: changed})
		if err == nil || !strings.Contains(err.Error(), test.want) || d != nil || c.Network.Magic != 0 {
			t.Errorf("%s: %v, %v", test.name, d, err)
		}
	}
	for name, config := range map[string]string{
		"CheckpointsFileHash": `{"CheckpointsFile": "checkpoints.json", "CheckpointsFileHash": "` + hash1 + `"}`,
		"no such file":        `{"CheckpointsFile": "c"}`,
	} {
		config = strings.Replace(config, "{", `{"TestShelleyHardForkAtEpoch": 0, `, 1)
		if _, _, err := loadFiles(t, map[string]string{"config.json": config}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// An era that config.json does not mention may come at any epoch up to the next
// known one.
func TestEraByVersion(t *testing.T) {
	config := `{"TestShelleyHardForkAtEpoch": 0, "TestAllegraHardForkAtEpoch": 0, "TestMaryHardForkAtEpoch": 0,
		"TestAlonzoHardForkAtEpoch": 0, "TestConwayHardForkAtEpoch": 5}`
	c, _, err := loadFiles(t, map[string]string{"config.json": config})
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(t, c)
	for _, test := range []struct {
		era  ledger.Era
		slot ledger.Slot
		ok   bool
	}{
		{ledger.Alonzo, 0, true}, {ledger.Babbage, 4, false}, {ledger.Babbage, 5, true}, {ledger.Babbage, 10, true},
		{ledger.Alonzo, 24, true}, {ledger.Mary, 10, false}, {ledger.Conway, 24, false}, {ledger.Conway, 25, true}, {ledger.Babbage, 25, false},
	} {
		err := v.CheckEra(&ledger.Header{Slot: test.slot, Raw: ledger.RawHeader{Era: test.era}})
		if test.ok != (err == nil) || err != nil && !errors.Is(err, ErrEra) {
			t.Errorf("%v in slot %d: %v", test.era, test.slot, err)
		}
	}
}

// epochZero knows who leads in epoch 0 alone.
type epochZero struct{ d *Distribution }

func (e epochZero) Distribution(epoch uint64) *Distribution {
	if epoch == 0 {
		return e.d
	}
	return nil
}
