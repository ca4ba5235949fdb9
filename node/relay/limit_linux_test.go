package relay

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/logtest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
	"github.com/ouronet/ouronet/ledger/volatile"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// withoutFiles calls f while the process can open no file.
func withoutFiles(t *testing.T, f func()) {
	t.Helper()
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	low := old
	low.Cur = 0
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
			t.Fatal(err)
		}
	}()
	if _, err := os.Open(os.DevNull); !errors.Is(err, syscall.EMFILE) {
		t.Fatalf("a file can be opened: %v", err)
	}
	f()
}

// That the process may open too few files is logged, once.
func TestFewFilesAreLogged(t *testing.T) {
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	low := old
	low.Cur = 256
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	log, logs := logtest.New(slog.LevelWarn)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	_, err = New(Config{Listener: l, Follow: follow.Config{Config: node.Config{Network: ledger.Preview, Logger: log}, Peers: []string{"a:1", "b:2", "c:3"}}})
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	want := "WARN fewer inbound connections than allowed: the process may not open enough files; part=serve; inbound=122; files=256; needed=646"
	if entries := logs.All(); len(entries) != 1 || entries[0].String() != want {
		t.Errorf("logged %v, not %s", entries, want)
	}
}

// While the process has too many files open, blocks stay in memory, up to a
// number, and go to the folder afterwards.
func TestStoreWithoutFiles(t *testing.T) {
	w := newStoreWorld(t, 4, true) // k is 5
	w.extend(3)
	withoutFiles(t, func() { w.extend(w.k + 40) })
	if n := len(w.store.chain); n != w.k+43 {
		t.Errorf("%d blocks in memory", n)
	}
	w.extend(1)
	if n := len(w.store.chain); n != w.k || w.store.base.BlockNo != 43 {
		t.Errorf("%d blocks in memory, the folder ends at %v", n, w.store.base)
	}
	w = newStoreWorld(t, 4, true) // with no file open yet
	withoutFiles(t, func() {
		for range maxBehind + 1 {
			b := w.gen.Next()
			if err := w.decider.extend(b); err != nil {
				if n := len(w.store.chain); n != maxBehind || !tooManyFiles(err) {
					t.Errorf("%d blocks in memory, %v", n, err)
				}
				return
			}
		}
		t.Error("no bound")
	})
}

// A block that is only on the disk is to be read later, a number of times: it does not end
// the relay at once that no file can be opened.
func TestReadsWithoutFiles(t *testing.T) {
	w := newStoreWorld(t, 4, true) // k is 5
	w.extend(30)
	if err := w.store.vault.close(); err != nil {
		t.Fatal(err)
	}
	s := newStore(w.store.db, 0)
	if _, err := s.openVault(filepath.Join(w.dir, "volatile"), volatile.Options{Network: w.network, MaxBlocks: 2}, nil); err != nil {
		t.Fatal(err)
	}
	defer s.vault.close()
	owner, at := bodies{&Relay{store: s, txs: newTxQueue(0)}}, w.chain[27].Header.Point()
	for range 20 { // in other files, of which few stay open
		b, after := w.gen.Next(), s.Tip()
		owner.Hold(follow.Body{Block: b})
		if err := owner.Adopt(after, []ledger.Point{b.Header.Point()}); err != nil {
			t.Fatal(err)
		}
	}
	withoutFiles(t, func() {
		for i := range maxBehind + 1 {
			_, err := owner.Get(at)
			later := errors.As(err, new(*follow.LaterError))
			if ends := errors.As(err, new(*FolderError)) && tooManyFiles(err); later != (i < maxBehind) || ends == later {
				t.Fatalf("time %d: %v", i+1, err)
			}
		}
	})
	for range 2 {
		if b, err := owner.Get(at); err != nil || b.Block.Header.Point() != at {
			t.Fatal(err)
		}
	}
	if s.vault.unread != 0 {
		t.Error("what went by still counts")
	}
}

func TestStateWithoutFiles(t *testing.T) {
	name := t.TempDir() + "/state"
	withoutFiles(t, func() {
		if err := saveState(name, praos.State{}); !tooManyFiles(err) {
			t.Errorf("got %v", err)
		}
	})
}
