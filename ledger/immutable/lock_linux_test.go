package immutable_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/ouronet/ouronet/ledger/immutable"
)

// In a folder of cardano-node, only the node or we append: each has the node's lock
// then. (filelock, System/FileLock/Internal/Flock.hsc)
func TestNodeLock(t *testing.T) {
	s := newStored(t)
	node := t.TempDir()
	dir := filepath.Join(node, "immutable")
	if err := os.CopyFS(dir, os.DirFS(s.write(t, nil))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"protocolMagicId", "lock"} {
		if err := os.WriteFile(filepath.Join(node, name), []byte("42"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lock, err := os.Open(filepath.Join(node, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	try := func() error { return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
	if err := try(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first time leaves no lock of ours behind
		if _, err := immutable.OpenAppend(dir, immutable.Options{Network: s.network}); !errors.Is(err, immutable.ErrLocked) {
			t.Errorf("while the node runs: %v", err)
		}
		open(t, dir, s.network) // to read is no matter
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	db, err := immutable.OpenAppend(dir, immutable.Options{Network: s.network})
	if err != nil {
		t.Fatal(err)
	}
	if err := try(); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("the node could start while we append: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := try(); err != nil {
		t.Errorf("the node's lock is not given back: %v", err)
	}
}
