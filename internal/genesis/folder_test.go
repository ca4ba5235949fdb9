package genesis

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/blake2b"
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

// Checkpoints are in the file that config.json names, and without a config.json in
// checkpoints.json. Without either there are none.
func TestCheckpoints(t *testing.T) {
	const hash = "8d0f9a2f63c86f5d5c1e6f1e0d1f8dd33e3dd1d0b6b0ee7cba01d85f3e0a4f10" // of no file
	for _, test := range []struct {
		name  string
		files map[string]string // "/" is a folder
		want  uint64            // 0: none
		err   string
	}{
		{"nothing", nil, 0, ""},
		{"a file alone", map[string]string{"checkpoints.json": `{"v": 1}`}, 1, ""},
		{"a file alone, no JSON", map[string]string{"checkpoints.json": "1"}, 0, "is not a JSON object"},
		{"a file alone that is a folder", map[string]string{"checkpoints.json": "/"}, 0, "checkpoints.json"},
		{"not named", map[string]string{"config.json": "{}", "checkpoints.json": `{"v": 1}`}, 0, ""},
		{"named", map[string]string{"config.json": `{"CheckpointsFile": "c"}`, "c": `{"v": 2}`, "checkpoints.json": `{"v": 1}`}, 2, ""},
		{"named and not there", map[string]string{"config.json": `{"CheckpointsFile": "c"}`, "checkpoints.json": `{"v": 1}`}, 0, "give a folder"},
		{"named by a number", map[string]string{"config.json": `{"CheckpointsFile": 1}`}, 0, "CheckpointsFile"},
		{"another hash", map[string]string{"config.json": `{"CheckpointsFile": "c", "CheckpointsFileHash": "` + hash + `"}`, "c": `{"v": 2}`}, 0, "config.json says " + hash},
	} {
		dir := t.TempDir()
		for file, content := range test.files {
			err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600)
			if content == "/" {
				err = errors.Join(os.Remove(filepath.Join(dir, file)), os.Mkdir(filepath.Join(dir, file), 0o700))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		f, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		o, ok, err := f.Checkpoints()
		if v, _ := o.Uint("v", 9); v != test.want || ok != (test.want > 0) || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v, %t, %v", test.name, o, ok, err)
		}
	}
}

// A hash in config.json is that of the file, Byron's that of its canonical form,
// and may be in capitals.
func TestHashes(t *testing.T) {
	const shelley, byron = `{ "v": 1 }`, `{ "v": 2 }`
	hash := func(content string) string { return fmt.Sprintf("%x", blake2b.Sum256([]byte(content))) }
	other := hash("other")
	for _, test := range []struct{ shelley, byron, err string }{
		{"null", "null", ""},
		{`"` + hash(shelley) + `"`, `"` + hash(`{"v":2}`) + `"`, ""},
		{`"` + strings.ToUpper(hash(shelley)) + `"`, "null", ""},
		{`"` + other + `"`, "null", "shelley-genesis.json has hash " + hash(shelley) + ", config.json says " + other},
		{"null", `"` + hash(byron) + `"`, "byron-genesis.json has hash " + hash(`{"v":2}`)},
		{`"` + other[2:] + `"`, "null", "is not a hash: want 64 hex digits"},
		{`"` + other + `00"`, "null", "is not a hash"},
		{`"` + hash(shelley) + `0"`, "null", "is not a hash"},
		{`"x` + other[1:] + `"`, "null", "is not a hash"},
		{"1", "null", "config.json: ShelleyGenesisHash"},
		{"null", "[]", "config.json: ByronGenesisHash"},
	} {
		dir := t.TempDir()
		for file, content := range map[string]string{
			"shelley-genesis.json": shelley, "byron-genesis.json": byron,
			"config.json": `{"ShelleyGenesisHash": ` + test.shelley + `, "ByronGenesisHash": ` + test.byron + `}`,
		} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		f, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		o, sum, err := f.Genesis("Shelley")
		v, byronSum, byronErr := f.Byron()
		if err = errors.Join(err, byronErr); err != nil {
			if test.err == "" || !strings.Contains(err.Error(), test.err) {
				t.Errorf("Shelley %s, Byron %s: %v, want %s", test.shelley, test.byron, err, test.err)
			}
			continue
		}
		field, _ := v.Field("v")
		two, _ := field.Int()
		one, _ := o.Uint("v", 9)
		if test.err != "" || one != 1 || two != 2 || fmt.Sprintf("%x %x", sum, byronSum) != hash(shelley)+" "+hash(`{"v":2}`) {
			t.Errorf("Shelley %s, Byron %s: %v %x, %d %x, want %s", test.shelley, test.byron, o, sum, two, byronSum, test.err)
		}
	}
}

// A file that cannot be read as it should is an error that names it.
func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"byron-genesis.json", "shelley-genesis.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("["), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, _, byron := f.Byron()
	_, _, shelley := f.Genesis("Shelley")
	for name, err := range map[string]error{"byron-genesis.json": byron, "shelley-genesis.json": shelley} {
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "get the file again") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
