package relay

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// Nothing in the folder is repaired while it is marked clean.
func TestUncleanBeforeRepair(t *testing.T) {
	dir, n := t.TempDir(), chaintest.Network()
	r := &Relay{}
	r.cfg.DataDir, r.cfg.Follow.Network = dir, n
	if err := r.openFolder(); err != nil {
		t.Fatal(err)
	}
	for _, b := range chaintest.NewGenerator(chaintest.Config{Network: n}).Blocks(5) {
		if err := r.db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	clean, chunk := filepath.Join(dir, "clean"), filepath.Join(dir, "immutable", "00000.chunk")
	good, err := os.ReadFile(chunk)
	if err != nil {
		t.Fatal(err)
	}
	torn := append(good[:len(good):len(good)], 1)
	if err := os.WriteFile(chunk, torn, 0o644); err != nil {
		t.Fatal(err)
	}
	// One that cannot be removed.
	if err := os.Remove(clean); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(clean, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := r.openFolder(); err == nil {
		t.Error("opened, and still marked clean")
	}
	if left, err := os.ReadFile(chunk); err != nil || !bytes.Equal(left, torn) {
		t.Errorf("repaired while it is marked clean: %d bytes, %d before, %v", len(left), len(torn), err)
	}
}

// A folder in which damage was found does not become clean.
func TestDamagedIsNotClean(t *testing.T) {
	for name, test := range map[string]struct {
		err   error
		clean bool
	}{
		"in order":            {nil, true},
		"of the chunks":       {&immutable.DamageError{}, false},
		"of volatile blocks":  {&FolderError{"x", &volatile.DamageError{}}, false},
		"no damage of either": {volatile.ErrNotFound, true},
	} {
		dir := t.TempDir()
		r := &Relay{}
		r.cfg.DataDir, r.cfg.Follow.Network = dir, chaintest.Network()
		if err := r.openFolder(); err != nil {
			t.Fatal(err)
		}
		r.closeAfter(test.err)
		if _, err := os.Stat(filepath.Join(dir, "clean")); (err == nil) != test.clean {
			t.Errorf("%s: clean %t", name, err == nil)
		}
	}
}
