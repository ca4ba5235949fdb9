package genesis

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Files are named relative to config.json, or from the root.
func TestPaths(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	write := func(path, content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(dir, "sub", "s.json"), `{"v": 1}`)
	write(filepath.Join(other, "a.json"), `{"v": 2}`)
	write(filepath.Join(dir, "conway-genesis.json"), `{"v": 3}`)
	absolute := strings.ReplaceAll(filepath.Join(other, "a.json"), `\`, `\\`)
	write(filepath.Join(dir, "config.json"), `{"ShelleyGenesisFile": "sub/s.json", "AlonzoGenesisFile": "`+absolute+`", "BabbageGenesisFile": 1, "MaryGenesisFile": ""}`)
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for era, want := range map[string]uint64{"Shelley": 1, "Alonzo": 2, "Conway": 3} {
		o, _, err := f.Genesis(era)
		if v, _ := o.Uint("v", 9); v != want {
			t.Errorf("%s: %d, %v, want %d", era, v, err, want)
		}
	}
	for _, era := range []string{"Babbage", "Mary", "Allegra"} {
		if o, _, err := f.Genesis(era); err == nil {
			t.Errorf("%s: %v", era, o)
		}
	}
}

// A folder whose config.json cannot be read has not none.
func TestConfigErrors(t *testing.T) {
	dir := t.TempDir()
	if f, err := Open(dir); err != nil || f.Config != nil {
		t.Errorf("without config.json: %v, %v", f.Config, err)
	}
	if err := os.Mkdir(filepath.Join(dir, "config.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil {
		t.Error("a folder is read as config.json")
	}
}

// A configuration under another name than config.json is found, unless there is a
// config.json.
func TestUnread(t *testing.T) {
	for _, name := range []string{"config.yaml", "config.yml", "configuration.yaml", "configuration.yml", ""} {
		dir := t.TempDir()
		for _, file := range []string{name, "topology.yaml"} {
			if file == "" {
				continue
			}
			if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if f, err := Open(dir); err != nil || f.Unread() != name {
			t.Errorf("found %q, want %q, %v", f.Unread(), name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		if f, err := Open(dir); err != nil || f.Unread() != "" {
			t.Errorf("beside config.json: found %q, %v", f.Unread(), err)
		}
	}
}
