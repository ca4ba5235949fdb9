package interop_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/ledger"
)

// programDir is removed by TestMain.
var programDir string

// program builds examples/relay, once for all tests.
var program = sync.OnceValues(func() (path string, err error) {
	programDir, err = os.MkdirTemp("", "interop")
	if err != nil {
		return "", err
	}
	path = filepath.Join(programDir, "relay")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", path, "github.com/ouronet/ouronet/examples/relay").CombinedOutput()
	if err != nil {
		os.Stderr.Write(out)
	}
	return path, err
})

func relayProgram(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(patient(t), path, append([]string{"-network", "preview"}, args...)...)
	cmd.Stderr = os.Stderr
	return cmd
}

// previewChain is a generated chain that passes for preview's, signatures and
// all.
func previewChain(n int) []ledger.Block {
	return chaintest.NewGenerator(chaintest.Config{Network: ledger.Preview, BlockSize: 2500, Signed: true}).Blocks(n)
}

// chains runs f with a generated and the real chain.
func chains(t *testing.T, f func(t *testing.T, chain []ledger.Block, served *peer.Chain, s *peer.Server)) {
	serve := func(t *testing.T, chain []ledger.Block) {
		c := peer.NewChain(chain)
		f(t, chain, c, theirServer(t, peer.ServerConfig{Magic: ledger.Preview.Magic, Chain: c}))
	}
	t.Run("generated", func(t *testing.T) { serve(t, previewChain(2000)) })
	t.Run("real", func(t *testing.T) { serve(t, realChain(t)) })
}

func TestProgramExitsAtTip(t *testing.T) {
	chains(t, func(t *testing.T, _ []ledger.Block, _ *peer.Chain, s *peer.Server) {
		out, err := relayProgram(t, "-peer", s.Addr(), "-exit-at-tip").Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		t.Log(lines[len(lines)-1])
	})
}

// running is the program with -json.
type running struct {
	cmd    *exec.Cmd
	listen string
	lines  *bufio.Scanner
}

type line struct {
	Event, Listen, Hash string
}

func start(t *testing.T, args ...string) *running {
	t.Helper()
	r := &running{cmd: relayProgram(t, append(args, "-json")...)}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.cmd.Process.Kill() })
	r.lines = bufio.NewScanner(out)
	r.until(t, func(l line) bool {
		if l.Event == "start" {
			r.listen = l.Listen
		}
		return l.Event == "start"
	})
	return r
}

// until reads events until one is the one looked for.
func (r *running) until(t *testing.T, found func(line) bool) {
	t.Helper()
	for r.lines.Scan() {
		var l line
		if err := json.Unmarshal(r.lines.Bytes(), &l); err != nil {
			t.Fatalf("%v in %q", err, r.lines.Text())
		}
		if found(l) {
			return
		}
	}
	t.Fatalf("the program ended: %v", r.cmd.Wait())
}

// drain lets the program write on.
func (r *running) drain() {
	for r.lines.Scan() {
	}
}

func (r *running) kill() {
	r.cmd.Process.Kill()
	r.drain()
	r.cmd.Wait() // it was killed, so there is an error
}

// The program is killed in the middle, started again on its folder, serves
// everything, and ends in order when it is told to.
func TestProgramKilledAndStartedAgain(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no SIGTERM on windows")
	}
	chains(t, func(t *testing.T, chain []ledger.Block, served *peer.Chain, s *peer.Server) {
		args := []string{"-peer", s.Addr(), "-data", filepath.Join(t.TempDir(), "db")}
		tip := func(at ledger.Point) func(line) bool {
			return func(l line) bool { return l.Event == "tip" && l.Hash == at.Hash.String() }
		}
		half, most := len(chain)/2, len(chain)*3/4
		served.Rollback(half)
		r := start(t, args...)
		r.until(t, tip(chain[half-1].Header.Point()))
		served.Append(chain[half:most]...)
		r.until(t, func(l line) bool { return l.Event != "tip" }) // it is busy
		r.kill()

		served.Append(chain[most:]...)
		r = start(t, args...)
		r.until(t, tip(last(chain)))
		drained := make(chan struct{})
		go func() { defer close(drained); r.drain() }()
		followers(t, ledger.Preview, r.listen, chain)

		asked := time.Now()
		if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-drained
		// It gives itself 2 s, which may be too few on a busy machine.
		if err := r.cmd.Wait(); err != nil && time.Since(asked) < time.Second {
			t.Errorf("after SIGTERM: %v", err)
		}
		t.Logf("it took %v to end", time.Since(asked))
	})
}
