package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
)

// screen is what somebody sees in whose terminal the program runs.
type screen struct {
	mu      sync.Mutex
	b       bytes.Buffer
	changed wake.All // when there is more
}

func newScreen() *screen { return new(screen) }

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.Wake()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// await waits until what is there is enough.
func (s *screen) await(enough func(all string) bool) {
	for {
		s.mu.Lock()
		all, changed := s.b.String(), s.changed.Next()
		s.mu.Unlock()
		if enough(all) {
			return
		}
		<-changed
	}
}

// Beside peers that fail in all kinds of ways, also again and again, no reason is
// in two lines of what the program and its log say, and none twice in a line.
func TestReasonsAreToldOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has words of its own for a connection that is refused")
	}
	testenv.CheckLeaks(t)
	chain := newChain(1).Grow(1000)
	dir := t.TempDir()
	if exit, out, errs := runProgram(t, "-network", "preview", "-no-verify", "-data", dir, "-exit-at-tip", "-peer", upstream(t, chain)); exit != 0 {
		t.Fatal(out, errs)
	}
	chain.Grow(10)
	wrong := chain.Blocks()[3]
	liar := nodetest.ServePeer(t, chaintest.Peer{Chain: chain.Fork(0), Hooks: chaintest.Hooks{Range: func(_ context.Context, blocks []ledger.Block) []ledger.Block {
		if n := len(blocks); n > 0 {
			blocks[n-1] = wrong
		}
		return blocks
	}}}).Addr
	ahead := nodetest.ServePeer(t, chaintest.Peer{Chain: chain.Fork(0).Grow(1), Hooks: chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
		if f, ok := u.(chainsync.RollForward); ok {
			f.Header.Era = ledger.Era(ledger.NumEras)
			return f
		}
		return u
	}}}).Addr
	other := upstream(t, newChain(2).Grow(2000))
	elsewhere := nodetest.Loopback(t, node.Config{Network: ledger.Preprod, Sources: chain.Sources()})
	nobody := nobody(t)

	ctx, cancel := context.WithCancel(t.Context())
	s, ended := newScreen(), make(chan struct{})
	go func() {
		defer close(ended)
		args := []string{"-network", "preview", "-no-verify", "-data", dir, "-listen", "127.0.0.1:0", "-log-level", "debug"}
		for _, p := range []string{liar, ahead, other, elsewhere, nobody} {
			args = append(args, "-peer", p)
		}
		if exit := command.Run(ctx, args, s, s); exit != 0 {
			t.Error("exit code", exit)
		}
	}()
	defer func() {
		cancel()
		<-ended
	}()
	s.await(func(all string) bool { return strings.Contains(all, "follows ") })
	_, address, _ := strings.Cut(s.String(), "serving on ")
	address, _, _ = strings.Cut(address, "\n")

	// Two that dial: of another network, and one that sends what is no message.
	if _, err := node.Dial(t.Context(), address, node.Config{Network: ledger.Mainnet}); err == nil {
		t.Error("took a peer of another network")
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	junk, err := node.Handshake(t.Context(), conn, protocol.Initiator, node.Config{Network: ledger.Preview})
	if err != nil {
		t.Fatal(err)
	}
	defer junk.Close()
	conn.Write([]byte{0, 0, 0, 0, 0, 77, 0, 1, 0})

	// All of them once, and what failed at once again.
	reasons := []string{
		"block is not the one asked for", "a newer version is needed", "no intersection",
		"refused us", "connection refused", "number 77", fmt.Sprint(ledger.Mainnet.Magic, " there"),
	}
	s.await(func(all string) bool {
		return strings.Count(all, "cannot reach "+nobody) > 1 &&
			!slices.ContainsFunc(reasons, func(reason string) bool { return !strings.Contains(all, reason) })
	})
	cancel()
	<-ended
	all := s.String()
	for _, reason := range reasons {
		if n := strings.Count(all, reason); n != 1 {
			t.Errorf("%q is there %d times", reason, n)
		}
	}
	for line := range strings.Lines(all) {
		parts := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(`:;{}"`, r) })
		for i, p := range parts {
			if strings.Count(p, " ") > 2 && slices.Contains(parts[:i], p) {
				t.Errorf("%q is twice in %s", p, line)
			}
		}
		for _, p := range []string{liar, ahead, other, elsewhere, nobody} {
			if strings.Count(line, p) > 1 {
				t.Errorf("%s is twice in %s", p, line)
			}
		}
	}
	if t.Failed() || testing.Verbose() {
		t.Log(all)
	}
}
