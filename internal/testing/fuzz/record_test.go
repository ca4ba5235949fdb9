package fuzz_test

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/conform"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/trace"
)

// record collects the conversations that seeds come from: between two nodes of
// ours, and with another implementation.
func record(t *testing.T) (ours, theirs []conversation) {
	ours, theirs = kept(t, "../../../trace/testdata/*.trace"), kept(t, "../../../conformance/interop/testdata/*.trace")
	synctest.Test(t, func(t *testing.T) { ours = append(ours, cut(t, follow(t))...) })
	synctest.Test(t, func(t *testing.T) { ours = append(ours, cut(t, suite(t))...) })
	return ours, theirs
}

// kept takes recordings of the repository apart.
func kept(t *testing.T, pattern string) (all []conversation) {
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no recordings %s, %v", pattern, err)
	}
	for _, name := range names {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, cut(t, file)...)
	}
	return all
}

func cut(t *testing.T, file []byte) []conversation {
	all, err := cutRecording(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// serve records a node with a chain.
func serve(t *testing.T, r *trace.Recorder, chain *chaintest.Chain) *testnode.Net {
	sources := chaintest.Peer{Chain: chain, Txs: func(ledger.Tx) {}}.Sources()
	sources.PeerSharing = peers{}
	cfg := node.Config{Network: chaintest.Network(), PeerSharing: true, Sources: sources, Seed: 1}
	cfg.Mux.Record = r.Record
	memory := new(testnode.Net)
	nodetest.Serve(t, memory.Listen("node"), cfg)
	return memory
}

// eras is a chain with blocks of every era.
var eras = []chaintest.Stretch{
	{Era: ledger.Byron, Blocks: 4}, {Era: ledger.Shelley, Blocks: 2}, {Era: ledger.Allegra, Blocks: 2}, {Era: ledger.Mary, Blocks: 2},
	{Era: ledger.Alonzo, Blocks: 2}, {Era: ledger.Babbage, Blocks: 2}, {Era: ledger.Conway, Blocks: 2},
	{Era: ledger.Dijkstra, Blocks: 4},
}

// follow records who takes headers and blocks of every era.
func follow(t *testing.T) []byte {
	var file bytes.Buffer
	r := trace.NewRecorder(&file, trace.Config{})
	chain := chaintest.New(chaintest.Config{Eras: eras, BlockSize: 2000}).Grow(20)
	memory := serve(t, r, chain)
	c, err := node.Dial(t.Context(), "node", node.Config{Network: chaintest.Network(), Dial: memory.Dial, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for u, err := range c.ChainSync().Updates(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := u.(chainsync.RollForward); ok {
			if n++; n == 20 {
				break
			}
		}
	}
	for _, err := range c.BlockFetch().Range(t.Context(), chain.Point(19), chain.Point(0)) {
		if err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	synctest.Wait()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// suite records a node that the conformance suite looks at.
func suite(t *testing.T) []byte {
	var file bytes.Buffer
	r := trace.NewRecorder(&file, trace.Config{QueueBytes: 64 << 20})
	chain := chaintest.New(chaintest.Config{BlockSize: 2000}).Grow(30)
	memory := serve(t, r, chain)
	go func() {
		for {
			select {
			case <-time.After(20 * time.Second):
				chain.Switch(1, 2)
			case <-t.Context().Done():
				return
			}
		}
	}()
	txs := chaintest.Txs(chaintest.NewGenerator(chaintest.Config{Seed: 9, BlockSize: 10_000}).Blocks(20))
	_, err := conform.Run(t.Context(), conform.Config{
		Address: "node", Network: chaintest.Network(), Txs: txs, Wait: time.Minute,
		Dial: func(ctx context.Context) (net.Conn, error) { return memory.Dial(ctx, "node") },
	})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Hour) // until the node has ended all connections
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// peers gives addresses that are for documentation.
type peers struct{}

func (peers) Peers(_ context.Context, amount int) (list []netip.AddrPort, _ error) {
	for _, s := range []string{"192.0.2.1:3001", "[2001:db8::1]:3001"}[:min(amount, 2)] {
		list = append(list, netip.MustParseAddrPort(s))
	}
	return list, nil
}
