package genesis

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/blake2b"
)

// Sum is the hash of a file.
type Sum = [blake2b.Size256]byte

// Folder is a folder of a network's genesis files.
type Folder struct {
	dir string

	// Config is what config.json of a cardano-node says, nil without that file.
	Config Object
}

// Open reads config.json in dir, if there is one.
func Open(dir string) (Folder, error) {
	f := Folder{dir: dir}
	path := f.path("config.json")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err == nil {
		f.Config, err = ParseConfig(b)
	}
	if err != nil {
		return f, fmt.Errorf("%s: %w: give the configuration of a node as JSON", path, err)
	}
	return f, nil
}

// Unread returns the name of a configuration of a node that is in the folder in
// place of config.json, "" if there is none. YAML is not read.
func (f Folder) Unread() string {
	if f.Config != nil {
		return ""
	}
	for _, name := range []string{"config.yaml", "config.yml", "configuration.yaml", "configuration.yml"} {
		if _, err := os.Stat(f.path(name)); err == nil {
			return name
		}
	}
	return ""
}

// path returns where a file is that config.json names: relative to it.
func (f Folder) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.dir, name)
}

// file reads the file that config.json names for nameKey, or else the one of
// that name, and compares it with the hash that config.json has for hashKey.
// hash makes the hash of the content.
func (f Folder) file(name, nameKey, hashKey string, hash func([]byte) (Sum, error)) (err error) {
	if f.Config.Has(nameKey) {
		if name, err = f.Config.Text(nameKey); err != nil {
			return fmt.Errorf("config.json: %w", err)
		}
	}
	path := f.path(name)
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%w: give a folder with the network's genesis files", err)
	}
	sum, err := hash(b)
	if err != nil {
		return fmt.Errorf("%s: %w: get the file again", path, err)
	}
	if !f.Config.Has(hashKey) {
		return nil
	}
	s, err := f.Config.Text(hashKey)
	if err != nil {
		return fmt.Errorf("config.json: %w", err)
	}
	want, err := hex.DecodeString(s)
	if err != nil || len(want) != len(sum) {
		return fmt.Errorf("config.json: %s: %.100q is not a hash: want 64 hex digits", hashKey, s)
	}
	if Sum(want) != sum {
		return fmt.Errorf("%s has hash %x, config.json says %x: take both from the same network", path, sum, want)
	}
	return nil
}

// Genesis reads the genesis file of an era after Byron.
func (f Folder) Genesis(era string) (o Object, sum Sum, err error) {
	err = f.file(strings.ToLower(era)+"-genesis.json", era+"GenesisFile", era+"GenesisHash", func(b []byte) (Sum, error) {
		o, err = Parse(b)
		sum = blake2b.Sum256(b)
		return sum, err
	})
	return o, sum, err
}

// Byron reads the genesis file of Byron. Its hash is over the canonical form.
func (f Folder) Byron() (v Value, sum Sum, err error) {
	err = f.file("byron-genesis.json", "ByronGenesisFile", "ByronGenesisHash", func(b []byte) (Sum, error) {
		v, err = ParseCanonical(b)
		sum = blake2b.Sum256(v.AppendCanonical(nil))
		return sum, err
	})
	return v, sum, err
}

// Checkpoints reads the file of checkpoints: the one that config.json names, or
// checkpoints.json without a config.json. ok is false if there is none.
func (f Folder) Checkpoints() (o Object, ok bool, err error) {
	const key = "CheckpointsFile"
	if f.Config != nil && !f.Config.Has(key) {
		return nil, false, nil
	}
	err = f.file("checkpoints.json", key, "CheckpointsFileHash", func(b []byte) (Sum, error) {
		o, err = Parse(b)
		return blake2b.Sum256(b), err
	})
	switch {
	case err == nil:
		return o, true, nil
	case f.Config == nil && errors.Is(err, fs.ErrNotExist):
		return nil, false, nil
	}
	return nil, false, err
}
