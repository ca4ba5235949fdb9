package folder_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger/folder"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// The environment that makes the test binary a process which locks a file.
const (
	envKind = "OURONET_TEST_LOCK" // flock, as cardano-node does, or fcntl
	envFile = "OURONET_TEST_LOCK_FILE"
)

func TestMain(m *testing.M) {
	if kind := os.Getenv(envKind); kind != "" {
		lockUntilEnd(kind, os.Getenv(envFile))
		return
	}
	os.Exit(m.Run())
}

// lockUntilEnd says whether it has the lock, and keeps it until its input ends.
func lockUntilEnd(kind, name string) {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err == nil && kind == "flock" {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	} else if err == nil {
		err = syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK})
	}
	fmt.Println(err)
	if err == nil {
		io.Copy(io.Discard, os.Stdin)
	}
}

// other runs a process that locks a file; said is what it says to that.
func other(t *testing.T, kind, name string) (said string, end func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), envKind+"="+kind, envFile+"="+name)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err = bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(said), func() { in.Close(); cmd.Wait() }
}

// Another process and we refuse each other's folder, whichever lock it takes. That one
// of ours is refused meanwhile gives none of them back.
func TestLockedByOther(t *testing.T) {
	for _, kind := range []string{"flock", "fcntl"} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			f, err := folder.Open(dir, network())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := folder.Open(dir, network()); !errors.Is(err, immutable.ErrLocked) {
				t.Errorf("a second time: %v", err)
			}
			name := filepath.Join(dir, "lock")
			said, end := other(t, kind, name)
			if end(); said != syscall.EAGAIN.Error() {
				t.Errorf("while we have the folder, another process gets %q", said)
			}
			if err := f.Close(true); err != nil {
				t.Fatal(err)
			}
			said, end = other(t, kind, name)
			if said != "<nil>" {
				t.Fatalf("afterwards it gets %q", said)
			}
			start := time.Now()
			if _, err := folder.Open(dir, network()); !errors.Is(err, immutable.ErrLocked) || !strings.Contains(err.Error(), name) {
				t.Errorf("while it has the folder, we get %v", err)
			}
			if took := time.Since(start); took < 2*time.Second {
				t.Errorf("given up after %v", took)
			}
			ended := make(chan struct{})
			go func() { // it ends while we wait
				defer close(ended)
				time.Sleep(200 * time.Millisecond)
				end()
			}()
			f, err = folder.Open(dir, network())
			if err != nil {
				t.Fatal(err)
			}
			f.Close(true)
			<-ended
		})
	}
}
