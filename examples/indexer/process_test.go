package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
)

// asProgram makes the test binary the program.
const asProgram = "OURONET_TEST_AS_INDEXER"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program is a process of it, not started yet.
func program(t *testing.T, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	cmd = exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

// Killed again and again, between and inside batches and while the chain switches forks,
// the database is in the end that of a run that nothing disturbed.
func TestKilled(t *testing.T) {
	chain := chaintest.New(chaintest.Config{Seed: 1, Network: ledger.Preview, BlockSize: 2000}).Grow(1500)
	// The peer is slow, so that batches are small, and blocks are written before all were sent.
	var sent, killAt atomic.Int64
	var process atomic.Pointer[os.Process]
	hooks := chaintest.Hooks{Block: func(_ context.Context, b ledger.Block) {
		if sent.Add(1) == killAt.Load() {
			process.Load().Kill()
		}
	}}
	peer := chaintest.Serve(chaintest.Peer{Chain: chain, Hooks: hooks, Delay: 200 * time.Microsecond})
	t.Cleanup(func() { peer.Close() })
	path := filepath.Join(t.TempDir(), "killed.db")
	args := []string{"-network", "preview", "-db", path, "-exit-at-tip", peer.Addr}
	began := make(map[int64]bool)
	for round := int64(1); ; round++ {
		sent.Store(0)
		killAt.Store(100 + 331*round%500)
		cmd, stdout, stderr := program(t, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		process.Store(cmd.Process)
		err := cmd.Wait()
		if err == nil {
			if !strings.HasPrefix(stdout.String(), fmt.Sprintf("%d blocks to ", len(chain.Blocks()))) {
				t.Errorf("it says\n%s%s", stdout, stderr)
			}
			break
		}
		if cmd.ProcessState.Exited() {
			t.Fatalf("%v\n%s", err, stderr)
		}
		d := newDatabase(t, ledger.Preview, path)
		var blocks, number int64
		if err := d.QueryRow(`SELECT count(*), coalesce(max(number) + 1, 0) FROM blocks`).Scan(&blocks, &number); err != nil {
			t.Fatal(err)
		}
		if last := rows(t, d, `SELECT slot FROM blocks ORDER BY id DESC LIMIT 1`); blocks != number || blocks > 0 && strings.TrimSpace(last) != strings.Split(d.saved.Point.String(), ".")[0] {
			t.Fatalf("round %d: %d blocks, the last is number %d, slot %s; the cursor is at %v", round, blocks, number-1, last, d.saved.Point)
		}
		d.Close()
		began[blocks] = true
		leave(chain, 3)
		if round > 60 {
			t.Fatal("it never ends")
		}
	}
	if len(began) < 3 {
		t.Errorf("it went on from %d different places: want more", len(began))
	}
	d := newDatabase(t, ledger.Preview, path)
	cfg := upstream(t, chain)
	before := dump(t, d)
	if before != final(t, cfg) {
		t.Error("killed again and again, the database differs from an undisturbed one")
	}
	d.Close()

	// Another run fetches nothing and changes nothing.
	sent.Store(0)
	cmd, _, stderr := program(t, args...)
	if err := cmd.Run(); err != nil || sent.Load() != 0 {
		t.Errorf("%v, %d blocks fetched again\n%s", err, sent.Load(), stderr)
	}
	if dump(t, newDatabase(t, ledger.Preview, path)) != before {
		t.Error("a run at the tip changed the database")
	}
}

// An interrupt ends it in order: what came is there, and the summary says so.
func TestInterrupted(t *testing.T) {
	chain := chaintest.New(chaintest.Config{Seed: 1, Network: ledger.Preview}).Grow(10)
	peer := chaintest.Serve(chaintest.Peer{Chain: chain})
	t.Cleanup(func() { peer.Close() })
	cmd, stdout, stderr := program(t, "-db", filepath.Join(t.TempDir(), "x.db"), peer.Addr)
	cmd.Stderr = nil
	progress, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(time.Minute, func() { cmd.Process.Kill() }).Stop()
	for buf := make([]byte, 1000); !strings.Contains(stderr.String(), "100%"); {
		n, err := progress.Read(buf)
		if stderr.Write(buf[:n]); err != nil {
			t.Fatal(err, stderr)
		}
	}
	cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil || !strings.HasPrefix(stdout.String(), "10 blocks to ") {
		t.Errorf("%v: %s%s", err, stdout, stderr)
	}
}

// A mistake is an error that names the argument and what to give. There is no summary.
func TestMistakes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.db")
	for _, c := range []struct {
		args, want string
	}{
		{"-from 12", "-from 12: give a slot number and 64 hex digits"},
		{"-network mars", "-network mars: no public network"},
		{"-hurry", "flag provided but not defined: -hurry"},
		{"-db " + file + " relay.example", "relay.example"},
		{"-db " + t.TempDir() + "/none/x.db", "none/x.db: "},
		{"-db " + file + " 127.0.0.1:1 -exit-at-tip", "-exit-at-tip"},
	} {
		cmd, stdout, stderr := program(t, strings.Fields(c.args)...)
		if err := cmd.Run(); err == nil || !strings.Contains(stderr.String(), c.want) || stdout.Len() > 0 {
			t.Errorf("%s: %v\n%s%swant %q", c.args, err, stdout, stderr, c.want)
		}
	}
}
