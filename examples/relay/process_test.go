package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/protocol"
)

// asProgram makes the test binary the program, which has all the time it needs
// to end in order.
const asProgram = "OURONET_TEST_AS_RELAY"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(cli.UntilSignalled(patience, command.Run))
	}
	os.Exit(m.Run())
}

// process is the program in a process of its own, with -json.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	events *bufio.Scanner
	stderr strings.Builder
}

// patience is when a process counts as hanging. It ends no test that gets on,
// however busy the machine.
const patience = 5 * time.Minute

// start runs it on a generated chain, whose signatures are no signatures.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return startVerifying(t, append(args, "-no-verify")...)
}

func startVerifying(t *testing.T, args ...string) *process {
	t.Helper()
	return startCommand(t, exec.Command(os.Args[0], append(args, "-json", "-network", "preview")...))
}

func startCommand(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd}
	p.cmd.Env = append(os.Environ(), asProgram+"=1")
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.events = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hang := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	t.Cleanup(func() {
		hang.Stop()
		p.cmd.Process.Kill()
		p.cmd.Wait()
	})
	return p
}

// line is what tests look at of an event.
type line struct {
	Event  string `json:"event"`
	Listen string `json:"listen"`
	Submit string `json:"submit"`
	Tx     string `json:"tx"`
	Size   int    `json:"size"`
	Blocks int    `json:"blocks"`
	Block  int    `json:"block"`
	Error  string `json:"error"`
	First  uint64 `json:"first_slot"`
	Max    int    `json:"max_inbound"`
	Needed int    `json:"files_needed"`
	Files  int    `json:"files_limit"`
	Blame  bool   `json:"blame"`
	Peer   string `json:"peer"`
	Txs    *int   `json:"txs"`

	Delay  float64 `json:"delay_s"`
	Levels string  `json:"log_level"`
}

// await reads events until one that is looked for.
func (p *process) await(what string, is func(line) bool) line {
	p.t.Helper()
	for p.events.Scan() {
		var e line
		if err := json.Unmarshal(p.events.Bytes(), &e); err != nil {
			p.t.Fatalf("%s: %v", p.events.Text(), err)
		}
		if is(e) {
			return e
		}
	}
	p.t.Fatalf("ended before %s: %s", what, p.stderr.String())
	return line{}
}

func (p *process) named(event string) line {
	p.t.Helper()
	return p.await(event, func(e line) bool { return e.Event == event })
}

// end waits for the process and returns its exit code.
func (p *process) end() int {
	for p.events.Scan() {
	}
	p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

// Where the process may open few files, it says how many nodes it serves, and
// goes on following however many dial.
func TestFewDescriptors(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux answers for all of 127.0.0.0/8 without being configured")
	}
	chain := newChain(1).Grow(10)
	args := []string{"-c", `ulimit -n 200; exec "$0" "$@"`, os.Args[0],
		"-json", "-network", "preview", "-no-verify", "-data", t.TempDir(), "-peer", upstream(t, chain)}
	p := startCommand(t, exec.Command("sh", args...))
	begin := p.named("start")
	if begin.Max != 70 { // 64 without a handshake, 2 for a peer, 64 spare
		t.Errorf("at most %d connections", begin.Max)
	}
	if begin.Files != 200 || begin.Needed != 512+130 {
		t.Errorf("needs %d files of %d", begin.Needed, begin.Files)
	}
	p.named("tip")
	for i := range 300 {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 3, byte(i/250), byte(1+i%250))}}
		conn, err := d.DialContext(t.Context(), "tcp4", begin.Listen)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if i%2 == 0 { // half of them shake hands and stay
			cfg := node.Config{Network: ledger.Preview}
			cfg.Mux.IdleTimeout = -1
			if c, err := node.Handshake(t.Context(), conn, protocol.Initiator, cfg); err == nil {
				defer c.Close()
			}
		}
	}
	chain.Grow(1)
	p.await("the next block", func(e line) bool { return e.Event == "block" && e.Block == 10 })
}

// It ends in order while it serves a follower and dials a peer that is gone.
func TestSignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals on windows")
	}
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(signal.String(), func(t *testing.T) {
			p := start(t, "-peer", nobody(t), "-peer", upstream(t, newChain(1).Grow(10)))
			address := p.named("start").Listen
			p.named("tip")
			conn, err := node.Dial(t.Context(), address, node.Config{Network: ledger.Preview})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, tip, err := conn.ChainSync().Intersect(t.Context(), ledger.Origin); err != nil || tip.BlockNo != 9 {
				t.Errorf("tip %v, error %v", tip, err)
			}
			asked := time.Now()
			if err := p.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if e := p.named("left"); e.Error != "" || e.Blame {
				t.Errorf("the end of our own is told as %q", e.Error)
			}
			p.named("end")
			if p.events.Scan() {
				t.Errorf("after the end came %s", p.events.Text())
			}
			if exit := p.end(); exit != 0 {
				t.Errorf("exit code %d, %s", exit, p.stderr.String())
			}
			t.Logf("took %v to end", time.Since(asked)) // 2 s at most, if the machine is free
		})
	}
}

// At the tip, each new block is an event, and so are rollbacks and followers.
func TestEvents(t *testing.T) {
	chain := newChain(1).Grow(10)
	peer := upstream(t, chain)
	p := start(t, "-peer", peer)
	address := p.named("start").Listen
	p.named("tip")
	chain.Grow(1)
	e := p.named("block")
	b := chain.Blocks()[10]
	txs, err := b.Txs()
	if err != nil {
		t.Fatal(err)
	}
	if e.Block != 10 || e.Peer != peer || e.Size != len(b.Raw) || e.Txs == nil || *e.Txs != len(txs) || len(txs) == 0 {
		t.Errorf("new block %+v, want 10 of %s, %d bytes, %d transactions", e, peer, len(b.Raw), len(txs))
	}
	// The slot is years ago, and the number is not fresher than that.
	if age := time.Since(ledger.Preview.SlotTime(b.Header.Slot)).Seconds(); e.Delay <= 1e6 || e.Delay > age+1 {
		t.Errorf("delay %v s, the slot is %v s ago", e.Delay, age)
	}
	chain.Switch(2, 3)
	if e := p.named("rollback"); e.Block != 8 {
		t.Errorf("rollback to %d, want 8", e.Block)
	}
	p.await("block 11", func(e line) bool { return e.Event == "block" && e.Block == 11 })
	conn, err := node.Dial(t.Context(), address, node.Config{Network: ledger.Preview})
	if err != nil {
		t.Fatal(err)
	}
	p.named("served")
	conn.Close()
	p.named("left")
}

// It stays up, and serves what it has, when its only peer misbehaves and then
// goes away.
func TestOnlyPeerFails(t *testing.T) {
	chain := newChain(1).Grow(100)
	wrong := chain.Blocks()[98]
	liar := chaintest.Peer{Chain: chain.Fork(0), Hooks: chaintest.Hooks{Range: func(_ context.Context, blocks []ledger.Block) []ledger.Block {
		if n := len(blocks); n > 0 && blocks[n-1].Header.BlockNo == 99 {
			blocks[n-1] = wrong // never the last block
		}
		return blocks
	}}}
	p := start(t, "-peer", nodetest.ServePeer(t, liar).Addr)
	address := p.named("start").Listen
	if lost := p.named("lost"); !strings.Contains(lost.Error, "block is not the one asked for") {
		t.Errorf("lost the peer for %q", lost.Error)
	}
	take(t, address, 50)
	p.named("lost") // and tries again
}

// take follows a relay until n blocks have come.
func take(t *testing.T, address string, n int) {
	t.Helper()
	got := 0
	for ev, err := range follow.Follow(t.Context(), follow.Config{Config: node.Config{Network: ledger.Preview}, Peers: []string{address}}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := ev.(follow.RollForward); ok {
			if got++; got == n {
				return
			}
		}
	}
}

// It says when its peers are in an era that a newer version is needed for, and
// serves what came before.
func TestUnknownEra(t *testing.T) {
	chain := newChain(1).Grow(100)
	ahead := chaintest.Peer{Chain: chain.Fork(0), Hooks: chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
		f, ok := u.(chainsync.RollForward)
		if !ok {
			return u
		}
		if no, err := f.Header.BlockNo(); err != nil || no >= 50 {
			f.Header.Era = ledger.Era(ledger.NumEras)
		}
		return f
	}}}
	p := start(t, "-peer", nodetest.ServePeer(t, ahead).Addr)
	address := p.named("start").Listen
	if e := p.named("stuck"); !strings.Contains(e.Error, "header of era 8") || !strings.Contains(e.Error, "a newer version is needed") {
		t.Errorf("told %q", e.Error)
	}
	take(t, address, 50)
}

// A folder with another chain than the peer's is told, and stays as it is.
func TestOtherChain(t *testing.T) {
	chain := newChain(1).Grow(1000)
	dir := t.TempDir()
	if exit := start(t, "-data", dir, "-exit-at-tip", "-peer", upstream(t, chain)).end(); exit != 0 {
		t.Fatal("exit code", exit)
	}
	p := start(t, "-data", dir, "-peer", upstream(t, newChain(2).Grow(2000)))
	if e := p.named("stopped"); !strings.Contains(e.Error, "no intersection") {
		t.Errorf("told %q", e.Error)
	}
	p.cmd.Process.Kill()
	p.end()
	sameBlocks(t, dir, ledger.Preview, chain.Blocks())
}

// A rolling folder drops old chunks, and the relay prints where it begins then.
func TestKeepBlocks(t *testing.T) {
	chain := newChain(1).Grow(3000)
	dir := t.TempDir()
	p := start(t, "-data", dir, "-keep-blocks", "864", "-peer", upstream(t, chain))
	if first := p.named("dropped").First; first == 0 {
		t.Error("dropped, and begins at the origin")
	}
	p.cmd.Process.Kill()
	p.end()
	p = start(t, "-data", dir, "-keep-blocks", "864", "-exit-at-tip", "-peer", upstream(t, chain))
	first := p.named("start").First
	if exit := p.end(); exit != 0 {
		t.Errorf("exit code %d, %s", exit, p.stderr.String())
	}
	db, err := immutable.Open(filepath.Join(dir, "immutable"), immutable.Options{Network: ledger.Preview})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range db.BlocksFrom(db.First()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n < 864 || n > 2000 || first == 0 || uint64(db.First().Slot) < first {
		t.Errorf("%d blocks, from slot %d on, before from slot %d on", n, db.First().Slot, first)
	}
}

// The real chain: one relay serves a folder, another one is killed while it
// makes a copy, and then completes it.
func TestRealChain(t *testing.T) {
	if testing.Short() {
		t.Skip("17,310 blocks, three times")
	}
	if testenv.Race {
		t.Skip("17,310 blocks take long under the race detector; generated chains do the same")
	}
	source := filepath.Join(testenv.ChainData(t), "preview-immutable")
	a := startVerifying(t, "-immutable", source, "-peer", "none")
	address := a.named("start").Listen

	dir := t.TempDir()
	args := []string{"-data", dir, "-exit-at-tip", "-peer", address}
	killed := startVerifying(t, args...)
	killed.await("some blocks", func(e line) bool { return e.Event == "status" && e.Blocks > 1000 || e.Event == "end" })
	killed.cmd.Process.Kill()
	killed.end()

	b := startVerifying(t, args...)
	begin := b.named("start").Block
	end := b.named("end")
	if exit := b.end(); exit != 0 {
		t.Fatalf("exit code %d, %s", exit, b.stderr.String())
	}
	if end.Block != 17309 || begin == 0 {
		t.Errorf("from block %d to %d", begin, end.Block)
	}
	t.Logf("killed at block %d or later, %d blocks after that", begin, end.Blocks)
	sameFolder(t, dir, source)
}

// sameFolder compares the bytes of a folder's chunks with another's, of which
// it lacks the last k blocks.
func sameFolder(t *testing.T, dir, source string) {
	t.Helper()
	db, err := immutable.Open(filepath.Join(dir, "immutable"), immutable.Options{Network: ledger.Preview})
	if err != nil {
		t.Fatal(err)
	}
	if want := 17309 - int(ledger.Preview.SecurityParam); int(db.Tip().BlockNo) != want {
		t.Errorf("the folder ends at block %d, want %d", db.Tip().BlockNo, want)
	}
	names, err := filepath.Glob(filepath.Join(dir, "immutable", "*.chunk"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for i, name := range names {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(source, filepath.Base(name)))
		if err != nil {
			t.Fatal(err)
		}
		if i == len(names)-1 { // the last one goes on in the source
			want = want[:min(len(want), len(got))]
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from the source", filepath.Base(name))
		}
	}
}

// The demo as the README has it.
func TestDemoProgram(t *testing.T) {
	t.Parallel() // it takes a few seconds, in which it does little
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-demo", "-exit-at-tip")
	cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("same bytes as upstream, block for block, after 1 rollback.")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// The lines that the demo prints work as they are.
func TestDemoLines(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the lines are run with sh")
	}
	t.Parallel()
	for _, name := range []string{"tip", "follow", "fetch", "submit"} { // which go run reads, and not this test
		if _, err := os.ReadFile(filepath.Join("..", name, "main.go")); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	demo := exec.CommandContext(ctx, os.Args[0], "-demo")
	demo.Env = append(os.Environ(), asProgram+"=1")
	out, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	defer demo.Wait()
	defer demo.Process.Kill()
	var lines []string
	text := bufio.NewScanner(out)
	for text.Scan() && !strings.Contains(text.Text(), "has all of upstream's 1,000 blocks") {
		if strings.Contains(text.Text(), "go run ./examples/") {
			lines = append(lines, text.Text())
		}
	}
	go io.Copy(io.Discard, out)
	blocks := filepath.Join(t.TempDir(), "demo.blocks")
	for i, want := range []string{"(block ", "(block 1004), ", "10 blocks in " + blocks, "the node asked for the transaction: true"} {
		if i >= len(lines) {
			t.Fatalf("%d lines: %q", len(lines), lines)
		}
		cmd := exec.CommandContext(ctx, "sh", "-c", strings.ReplaceAll(lines[i], "demo.blocks", blocks))
		cmd.Dir = filepath.Join("..", "..")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v\n%s", lines[i], err, out)
		}
	}
}
