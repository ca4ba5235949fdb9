package interop_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

// realChain reads the whole folder of real blocks, which goes from Alonzo to
// Babbage.
func realChain(t *testing.T) []ledger.Block {
	t.Helper()
	if testenv.Race {
		t.Skip("17,310 blocks take too long under the race detector; the generated chain does the same")
	}
	db, err := immutable.Open(filepath.Join(testenv.ChainData(t), "preview-immutable"), immutable.Options{Network: ledger.Preview})
	if err != nil {
		t.Fatal(err)
	}
	var raws []ledger.RawBlock
	for raw, err := range db.BlocksAfter(ledger.Origin) {
		if err != nil {
			t.Fatal(err)
		}
		raws = append(raws, raw)
	}
	blocks, err := peer.ParseBlocks(ledger.Preview, raws)
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

// patient is for whole chains on a busy machine.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func following(network ledger.Network, address string) follow.Config {
	return follow.Config{Config: node.Config{Network: network}, Peers: []string{address}}
}

// startRelay runs a relay until the test ends or stop is called. It waits for
// the block tip before it returns, and checks that the relay knows it is there.
func startRelay(t *testing.T, cfg relay.Config, tip ledger.Point) (address string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reached := make(chan struct{}, 1)
	cfg.Listener = l
	cfg.Observer.Event = func(ev follow.Event) {
		switch ev := ev.(type) {
		case follow.RollForward:
			if ev.Block.Header.Point() != tip {
				return
			}
		case follow.RollBackward:
			if ev.To.Point != tip {
				return
			}
		}
		select {
		case reached <- struct{}{}:
		default:
		}
	}
	cfg.NoVerify = cfg.NoVerify || cfg.Follow.Network.Magic == chaintest.Network().Magic // generated chains are not signed
	r, err := relay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Run(ctx); err != nil {
			t.Errorf("relay: %v", err)
		}
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	select {
	case <-reached:
	case <-done:
		t.Fatal("the relay ended")
	case <-patient(t).Done():
		t.Fatalf("not at the tip in time: %+v", r.Status())
	}
	if s := r.Status(); !s.AtTip() || s.Tip.Point != tip {
		t.Errorf("the relay does not know that it is at the tip: %+v", s)
	}
	return l.Addr().String(), stop
}

// followers take the whole chain from an address, one of ours and one of
// theirs.
func followers(t *testing.T, network ledger.Network, address string, want []ledger.Block) {
	t.Helper()
	var followed []ledger.Block
	for ev, err := range follow.Follow(patient(t), following(network, address)) {
		if err != nil {
			t.Fatalf("our follower after %d blocks: %v", len(followed), err)
		}
		if followed = apply(followed, ev); len(followed) == len(want) {
			break
		}
	}
	if err := nodetest.Same(followed, want); err != nil {
		t.Fatal(err)
	}

	c := theirClient(t, address, peer.ClientConfig{Magic: network.Magic, Pipeline: 100})
	if err := theyTake(patient(t), c, want); err != nil {
		t.Fatalf("their follower: %v", err)
	}
}

// apply moves a chain by an event.
func apply(chain []ledger.Block, ev follow.Event) []ledger.Block {
	switch ev := ev.(type) {
	case follow.RollForward:
		return append(chain, ev.Block)
	case follow.RollBackward:
		n := len(chain)
		for n > 0 && chain[n-1].Header.Point() != ev.To.Point {
			n--
		}
		return chain[:n]
	}
	return chain
}

func TestRelayOfRealBlocks(t *testing.T) {
	chain := realChain(t)
	s := theirServer(t, peer.ServerConfig{Magic: ledger.Preview.Magic, Chain: peer.NewChain(chain)})
	start := time.Now()
	address, _ := startRelay(t, relay.Config{Follow: following(ledger.Preview, s.Addr())}, last(chain))
	t.Logf("%d blocks from their server in %v", len(chain), time.Since(start).Round(time.Millisecond))
	followers(t, ledger.Preview, address, chain)
}

func last(chain []ledger.Block) ledger.Point { return chain[len(chain)-1].Header.Point() }

// The chain grows and changes while a follower of the relay watches.
func TestRelayOfAChainThatChanges(t *testing.T) {
	g := chaintest.NewGenerator(chaintest.Config{})
	main := g.Blocks(500)
	fork, err := g.Fork(main[489].Header.Point())
	if err != nil {
		t.Fatal(err)
	}
	want := append(main[:490:490], fork.Blocks(30)...)
	chain := peer.NewChain(main)
	s := theirServer(t, peer.ServerConfig{Chain: chain})
	address, _ := startRelay(t, relay.Config{Follow: following(g.Network(), s.Addr())}, last(main))

	var got []ledger.Block
	var backTo ledger.Point
	for ev, err := range follow.Follow(limited(t), following(g.Network(), address)) {
		if err != nil {
			t.Fatalf("after %d blocks: %v", len(got), err)
		}
		if back, ok := ev.(follow.RollBackward); ok {
			backTo = back.To.Point
		}
		got = apply(got, ev)
		if n := len(got); n == len(main) && got[n-1].Header.Point() == last(main) {
			chain.Rollback(490)
			chain.Append(want[490:510]...)
			chain.Append(want[510:]...)
		}
		if n := len(got); n > 0 && got[n-1].Header.Point() == last(want) {
			break
		}
	}
	if backTo != main[489].Header.Point() {
		t.Errorf("rolled back to %v, want %v", backTo, main[489].Header.Point())
	}
	if err := nodetest.Same(got, want); err != nil {
		t.Fatal(err)
	}
	followers(t, g.Network(), address, want)
}

// A relay that is killed in the middle goes on where its folder ends.
func TestRelayKilledAndStartedAgain(t *testing.T) {
	t.Run("generated", func(t *testing.T) {
		killAndRestart(t, chaintest.Network(), generate(3000, 2500))
	})
	t.Run("real", func(t *testing.T) { killAndRestart(t, ledger.Preview, realChain(t)) })
}

func killAndRestart(t *testing.T, network ledger.Network, chain []ledger.Block) {
	s := theirServer(t, peer.ServerConfig{Magic: network.Magic, Chain: peer.NewChain(chain)})
	dir := t.TempDir()
	killed := relayProcess(t, network, s.Addr(), dir, len(chain)/2)

	db, err := immutable.Open(filepath.Join(dir, "immutable"), immutable.Options{Network: network})
	if err != nil {
		t.Fatal(err)
	}
	kept := db.Tip()
	if kept.Point.IsOrigin() || kept.Point.Slot >= last(chain).Slot {
		t.Fatalf("the folder ends at %v after %d blocks: nothing to go on from", kept, killed)
	}
	t.Logf("killed after %d blocks; the folder ends at %v", killed, kept)
	address, stop := startRelay(t, relay.Config{Follow: following(network, s.Addr()), DataDir: dir}, last(chain))
	followers(t, network, address, chain)
	stop()
	// A folder that is complete up to the last k is all it takes now.
	address, _ = startRelay(t, relay.Config{Follow: following(network, s.Addr()), DataDir: dir}, last(chain))
	followers(t, network, address, chain)
}

// The environment that makes the test binary a relay.
const (
	envPeer = "OURONET_TEST_RELAY_PEER"
	envDir  = "OURONET_TEST_RELAY_DIR"
	envNet  = "OURONET_TEST_RELAY_NETWORK"
)

// relayProcess runs a relay in a process of its own and kills it when it has
// taken n blocks. It returns how many it had reported by then.
func relayProcess(t *testing.T, network ledger.Network, address, dir string, n int) (taken int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), envPeer+"="+address, envDir+"="+dir, envNet+"="+network.Name)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait() // it was killed, so there is an error
	defer cmd.Process.Kill()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, err := fmt.Sscan(lines.Text(), &taken); err != nil {
			t.Fatalf("the relay says %q", lines.Text())
		}
		if taken >= n {
			return taken
		}
	}
	t.Fatalf("the relay ended after %d blocks", taken)
	return 0
}

func TestMain(m *testing.M) {
	if os.Getenv(envPeer) != "" {
		if err := runRelay(); err != nil {
			fmt.Fprintln(os.Stderr, "relay:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	os.RemoveAll(programDir)
	os.Exit(code)
}

// runRelay is the process of relayProcess. It prints how many blocks it has.
func runRelay() error {
	network, ok := ledger.NetworkByName(os.Getenv(envNet))
	if !ok {
		network = chaintest.Network()
	}
	n := 0
	r, err := relay.New(relay.Config{
		Follow:   following(network, os.Getenv(envPeer)),
		DataDir:  os.Getenv(envDir),
		NoVerify: !ok, // generated chains are not signed
		Observer: relay.Observer{Event: func(ev follow.Event) {
			if _, ok := ev.(follow.RollForward); ok {
				n++
				if n%100 == 0 {
					fmt.Println(n)
				}
			}
		}},
	})
	if err != nil {
		return err
	}
	return r.Run(context.Background())
}
