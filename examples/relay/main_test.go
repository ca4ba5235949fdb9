package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node"
)

// upstream serves a chain of Preview.
func upstream(t *testing.T, chain *chaintest.Chain) (address string) {
	return nodetest.ServePeer(t, chaintest.Peer{Chain: chain}).Addr
}

func newChain(seed uint64) *chaintest.Chain {
	return chaintest.New(chaintest.Config{Seed: seed, Network: ledger.Preview, BlockSize: 1500})
}

// program runs the program in this process until it ends by itself.
func runProgram(t *testing.T, args ...string) (exit int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	exit = command.Run(t.Context(), args, &out, &errs)
	return exit, out.String(), errs.String()
}

// nobody listens there.
func nobody(t *testing.T) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestExitAtTip(t *testing.T) {
	testenv.CheckLeaks(t)
	chain := newChain(1).Grow(1000)
	other := chain.Fork(0)
	args := []string{"-network", "preview", "-no-verify", "-exit-at-tip", "-peer", upstream(t, chain), "-peer", upstream(t, other), "-peer", nobody(t)}
	exit, stdout, stderr := runProgram(t, args...)
	if exit != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s\n%s", exit, stderr, stdout)
	}
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, "at the tip of 2 peers: block 999, slot ") || !strings.Contains(last, "1,000 blocks") {
		t.Errorf("the summary is %q", last)
	}
	if !strings.Contains(stdout, "no signatures and VRF proofs") {
		t.Errorf("does not say what is not checked:\n%s", stdout)
	}
}

// Headers are verified unless -no-verify is given.
func TestVerified(t *testing.T) {
	testenv.CheckLeaks(t)
	signed := chaintest.New(chaintest.Config{Seed: 1, Network: ledger.Preview, BlockSize: 1500, Signed: true}).Grow(10)
	exit, stdout, stderr := runProgram(t, "-network", "preview", "-exit-at-tip", "-peer", upstream(t, signed))
	if exit != 0 || !strings.Contains(stdout, "verifies headers") {
		t.Errorf("exit code %d, %s\n%s", exit, stderr, stdout)
	}
	p := start(t, "-peer", upstream(t, newChain(1).Grow(10))) // the same without signatures
	p.named("tip")
	p = startVerifying(t, "-peer", upstream(t, newChain(1).Grow(10)))
	if e := p.named("lost"); !e.Blame || !strings.Contains(e.Error, "header") {
		t.Errorf("lost the peer for %q", e.Error)
	}
}

// What a folder holds is what the node upstream has, up to k blocks.
func TestDataFolder(t *testing.T) {
	testenv.CheckLeaks(t)
	chain := newChain(1).Grow(1000)
	dir := filepath.Join(t.TempDir(), "new")
	args := []string{"-network", "preview", "-no-verify", "-exit-at-tip", "-data", dir, "-peer", upstream(t, chain)}
	for range 2 {
		if exit, stdout, stderr := runProgram(t, args...); exit != 0 {
			t.Fatalf("exit code %d, %s\n%s", exit, stderr, stdout)
		}
		sameBlocks(t, dir, ledger.Preview, chain.Blocks())
		chain.Grow(500)
	}

	// And it can be served again.
	args = []string{"-network", "preview", "-no-verify", "-exit-at-tip", "-immutable", dir, "-peer", upstream(t, chain)}
	if exit, stdout, stderr := runProgram(t, args...); exit != 0 || !strings.Contains(stdout, "starts after block 1,067,") {
		t.Errorf("exit code %d, %s\n%s", exit, stderr, stdout)
	}
}

// A folder of an earlier relay is moved at the first start, which says so once.
func TestOldFolder(t *testing.T) {
	testenv.CheckLeaks(t)
	chain := newChain(1).Grow(1000)
	dir := t.TempDir()
	db, err := immutable.OpenAppend(dir, immutable.Options{Network: ledger.Preview})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range chain.Blocks()[:100] {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	args := []string{"-network", "preview", "-no-verify", "-exit-at-tip", "-data", dir, "-peer", upstream(t, chain)}
	for i := range 2 {
		exit, stdout, stderr := runProgram(t, args...)
		if exit != 0 {
			t.Fatalf("exit code %d, %s", exit, stderr)
		}
		told := strings.Contains(stdout, "moved 3 chunk files to "+filepath.Join(dir, "immutable"))
		if told != (i == 0) || i == 0 && !strings.Contains(stdout, "starts after block 99,") {
			t.Errorf("start %d said %s", i, stdout)
		}
		sameBlocks(t, dir, ledger.Preview, chain.Blocks())
	}
}

// A folder that begins after the origin is told at the start.
func TestFolderBeginsLater(t *testing.T) {
	testenv.CheckLeaks(t)
	chain := newChain(1).Grow(200)
	dir := t.TempDir()
	db, err := immutable.OpenAppend(dir, immutable.Options{Network: ledger.Preview})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range chain.Blocks()[100:150] {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	slot := chain.Blocks()[100].Header.Slot
	for format, want := range map[string]string{
		"-json=false": fmt.Sprintf("the folder begins at slot %s, not at the origin: only nodes that have one of its blocks can follow", count(uint64(slot))),
		"-json":       fmt.Sprintf(`"first_slot":%d,`, slot),
	} {
		exit, stdout, stderr := runProgram(t, "-network", "preview", "-no-verify", "-exit-at-tip", format, "-immutable", dir, "-peer", upstream(t, chain))
		if exit != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, %s\n%s\nwant %s", exit, stderr, stdout, want)
		}
	}
}

// sameBlocks compares a folder with a chain of which it may lack the last k.
func sameBlocks(t *testing.T, dir string, network ledger.Network, chain []ledger.Block) {
	t.Helper()
	db, err := immutable.Open(filepath.Join(dir, "immutable"), immutable.Options{Network: network})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for raw, err := range db.BlocksAfter(ledger.Origin) {
		if err != nil {
			t.Fatal(err)
		}
		if n == len(chain) || !bytes.Equal(raw, chain[n].Raw) {
			t.Fatalf("block %d of %s is not upstream's", n, dir)
		}
		n++
	}
	if want := len(chain) - int(network.SecurityParam); n != want {
		t.Errorf("%d blocks in the folder, want %d", n, want)
	}
}

func TestJSON(t *testing.T) {
	testenv.CheckLeaks(t)
	chain := newChain(1).Grow(100)
	exit, stdout, stderr := runProgram(t, "-network", "preview", "-no-verify", "-exit-at-tip", "-json", "-peer", upstream(t, chain))
	if exit != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", exit, stderr)
	}
	seen := make(map[string]map[string]any)
	for line := range strings.Lines(stdout) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		name, _ := e["event"].(string)
		if name == "" || e["time"] == "" {
			t.Errorf("event without name or time: %s", line)
		}
		seen[name] = e
	}
	for _, want := range []string{"start", "connected", "status", "tip", "end"} {
		if seen[want] == nil {
			t.Errorf("no event %q in\n%s", want, stdout)
		}
	}
	if v, not := seen["start"]["verified"], seen["start"]["not_verified"]; fmt.Sprint(v) != "[links body hashes]" ||
		fmt.Sprint(not) != "[certificates KES signatures VRF proofs stake ledger rules]" {
		t.Errorf("verified are %v, but not %v", v, not)
	}
	// Seconds to the millisecond, rates to a tenth, and no exponents.
	if long := regexp.MustCompile(`:-?\d+(\.\d{5,}|(\.\d+)?e)`).FindString(stdout); long != "" {
		t.Errorf("%q has too many digits in\n%s", long, stdout)
	}
	end := seen["end"]
	if peers, _ := end["upstream"].([]any); len(peers) != 1 || peers[0].(map[string]any)["blocks"] != 100.0 || peers[0].(map[string]any)["bytes"] != end["bytes"] {
		t.Errorf("at the end the peers are %v", end["upstream"])
	}
	if end["blocks"] != 100.0 || end["block"] != 99.0 || end["hash"] != chain.Tip().Point.Hash.String() || end["at_tip"] != true {
		t.Errorf("end is %v", end)
	}
}

// Of a network that is not public, the magic is enough for a relay that verifies no
// signatures. When its slots are is not known then, and not told.
func TestMagicAlone(t *testing.T) {
	testenv.CheckLeaks(t)
	network := ledger.Preview
	network.Magic = 42
	chain := chaintest.New(chaintest.Config{Seed: 1, Network: network, BlockSize: 1500}).Grow(20)
	peer := nodetest.Loopback(t, node.Config{Network: network, Sources: chain.Sources()})
	args := []string{"-magic", "42", "-no-verify", "-exit-at-tip", "-peer", peer}
	exit, stdout, stderr := runProgram(t, args...)
	if exit != 0 || !strings.Contains(stdout, "relay on the network with magic 42, ") || strings.Contains(stdout, "behind") {
		t.Errorf("exit status %d\n%s%s", exit, stdout, stderr)
	}
	exit, stdout, stderr = runProgram(t, append(args, "-json")...)
	if exit != 0 || !strings.Contains(stdout, `"blocks":20`) || strings.Contains(stdout, "behind_s") || strings.Contains(stdout, "delay_s") {
		t.Errorf("exit status %d\n%s%s", exit, stdout, stderr)
	}
}

// What goes wrong is told in one line, which says what to do.
func TestErrors(t *testing.T) {
	testenv.CheckLeaks(t)
	chain := newChain(1).Grow(2000)
	peer := upstream(t, chain)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()

	elsewhere := nodetest.Loopback(t, node.Config{Network: ledger.Preprod})
	folder := filepath.Join(t.TempDir(), "db")
	if exit, _, stderr := runProgram(t, "-network", "preview", "-no-verify", "-exit-at-tip", "-data", folder, "-peer", peer); exit != 0 {
		t.Fatal(stderr)
	}
	damaged := filepath.Join(t.TempDir(), "damaged")
	if err := os.CopyFS(damaged, os.DirFS(filepath.Join(folder, "immutable"))); err != nil {
		t.Fatal(err)
	}
	damage(t, damaged)
	gap := filepath.Join(t.TempDir(), "gap")
	if err := os.CopyFS(gap, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"chunk", "primary", "secondary"} {
		if err := os.Remove(filepath.Join(gap, "immutable", "00002."+kind)); err != nil {
			t.Fatal(err)
		}
	}
	genesis := t.TempDir()
	if err := os.WriteFile(filepath.Join(genesis, "byron-genesis.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		name string
		args []string
		want []string // parts of the line
	}{
		{"address in use", []string{"-network", "preview", "-peer", peer, "-listen", taken.Addr().String()},
			[]string{taken.Addr().String(), "in use", "-listen"}},
		{"bound of memory", []string{"-network", "preview", "-no-verify", "-peer", peer, "-keep", "1MiB"},
			[]string{"-keep is reached", "give -data DIR"}},
		{"other network", []string{"-network", "preview", "-peer", elsewhere, "-exit-at-tip"},
			[]string{elsewhere, "refuses", "check -peer, -network"}},
		{"no folder", []string{"-network", "preview", "-peer", peer, "-immutable", filepath.Join(folder, "no")},
			[]string{"-immutable needs the folder of a node"}},
		{"folder is a file", []string{"-network", "preview", "-peer", peer, "-data", filepath.Join(genesis, "byron-genesis.json")},
			[]string{"-data needs a folder"}},
		{"damaged folder", []string{"-network", "preview", "-peer", peer, "-immutable", damaged},
			[]string{".secondary is damaged at byte ", "restore the folder"}},
		{"chunk missing in the middle", []string{"-network", "preview", "-peer", peer, "-immutable", gap},
			[]string{"00002.chunk is damaged at byte 0: the file is missing"}},
		{"chunk missing in the middle, for appending", []string{"-network", "preview", "-peer", peer, "-data", gap},
			[]string{"00002.chunk is damaged at byte 0: the file is missing"}},
		{"folder of another network", []string{"-network", "mainnet", "-peer", peer, "-data", folder},
			[]string{"protocolMagicId in it says 2 (preview), and mainnet has 764824073"}},
		{"folder of another network, by the marker", []string{"-network", "preprod", "-peer", peer, "-immutable", filepath.Join(folder, "immutable")},
			[]string{"protocolMagicId beside it says 2 (preview), and preprod has 1"}},
		{"chunk folder of a node", []string{"-network", "preview", "-peer", peer, "-data", filepath.Join(folder, "immutable")},
			[]string{"is a part of the folder " + folder + ": give " + folder}},
		{"folder of something else", []string{"-network", "preview", "-peer", peer, "-data", genesis},
			[]string{"protocolMagicId is missing, but the folder has other files (byron-genesis.json)", "write 2 into that file"}},
		{"wrong genesis", []string{"-genesis", genesis, "-peer", peer},
			[]string{"byron-genesis.json", "get the file again"}},
		{"no genesis", []string{"-genesis", folder, "-peer", peer},
			[]string{"give a folder with the network's genesis files"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			exit, _, stderr := runProgram(t, test.args...)
			if exit != 1 || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "relay: ") {
				t.Errorf("exit code %d, %q; want 1 and one line", exit, stderr)
			}
			for _, want := range test.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q does not contain %q", stderr, want)
				}
			}
			if strings.Contains(test.name, "another network") && strings.Contains(stderr, "delete") {
				t.Errorf("%q advises to delete files", stderr)
			}
		})
	}
}

// damage changes the slot in the last entry of an index.
func damage(t *testing.T, dir string) {
	t.Helper()
	names, err := fs.Glob(os.DirFS(dir), "*.secondary")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	name := filepath.Join(dir, names[len(names)-1])
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-8] ^= 0x55
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A relay whose peer is on another network says which one it is on.
func TestSaysOurNetwork(t *testing.T) {
	elsewhere := nodetest.Loopback(t, node.Config{Network: ledger.Preprod})
	_, stdout, _ := runProgram(t, "-network", "preview", "-peer", elsewhere, "-exit-at-tip")
	if want := ": we are on preview, network magic 2: give the peer's network with -network, -magic or -genesis; next try in "; !strings.Contains(stdout, want) {
		t.Errorf("%q is not in\n%s", want, stdout)
	}
}
