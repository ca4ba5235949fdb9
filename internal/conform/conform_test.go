package conform_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/conform"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// serve puts a node of ours on a network in memory, whose chain grows and
// switches forks now and then.
func serve(t *testing.T, hooks chaintest.Hooks, specs *node.Specs, segment time.Duration) (dial func(context.Context) (net.Conn, error)) {
	chain := chaintest.New(chaintest.Config{BlockSize: 2000}).Grow(30)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-time.After(20 * time.Second):
			case <-t.Context().Done():
				return
			}
			if n%2 == 0 {
				chain.Grow(1)
			} else {
				chain.Switch(1, 2)
			}
		}
	}()
	memory := new(testnode.Net)
	cfg := node.Config{PeerSharing: true, Specs: specs}
	cfg.Mux.SegmentTimeout = segment
	nodetest.ServePeer(t, chaintest.Peer{
		Chain: chain, Hooks: hooks, Txs: func(ledger.Tx) {}, Addresses: nodetest.Addresses(255),
		Listener: memory.Listen("node"), Config: cfg,
	})
	return func(ctx context.Context) (net.Conn, error) { return memory.Dial(ctx, "node") }
}

func config(t *testing.T, dial func(context.Context) (net.Conn, error)) conform.Config {
	txs := chaintest.Txs(chaintest.NewGenerator(chaintest.Config{Seed: 9, BlockSize: 10_000}).Blocks(20))
	return conform.Config{
		Address: "node", Network: chaintest.Network(), Txs: txs, Dial: dial,
		Wait: time.Minute, Silence: 2 * time.Hour, // of virtual time: all time limits are tried
	}
}

func run(t *testing.T, cfg conform.Config) (report *conform.Report, text string) {
	t.Helper()
	report, err := conform.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	report.Print(&b)
	return report, b.String()
}

// Our own node takes every transition that an initiator can bring about,
// refuses every breach, and keeps every time limit.
func TestOurNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report, text := run(t, config(t, serve(t, chaintest.Hooks{}, nil, 0)))
		t.Log("\n" + text)
		got := report.Totals()
		// Not seen is a simultaneous open; not tried are four states
		// without a time limit.
		if got.Departures > 0 || got.Taken != got.Transitions-1 || got.Skipped != 4 || got.Refused < 90 {
			t.Errorf("%+v\n%s", got, text)
		}
		for _, p := range report.Protocols[1:6] {
			if !p.Restarted {
				t.Errorf("%s was not begun again after its end", p.Name)
			}
		}
		for _, probe := range report.Protocols[6].Probes[4:] {
			if probe.Outcome != conform.Refused || probe.After != 30*time.Second {
				t.Errorf("%s: %s after %v", probe.Breach, probe.Outcome, probe.After)
			}
		}
	})
}

// A node with something wrong is found out, and told apart.
func TestPlantedDepartures(t *testing.T) {
	for _, test := range []struct {
		what  string
		hooks chaintest.Hooks
		specs func(*node.Specs)
		want  string // in the report

		segment time.Duration // how long one may take
	}{
		{what: "segments may take too long", segment: time.Minute, want: "half a payload, then silence DEPARTURE after 32s (the connection is still up"},
		{what: "segments are given up too early", segment: 20 * time.Second, want: "half a head, then silence   DEPARTURE after 20s (too early"},
		{what: "keep-alive is given up too early", want: "too early, 97 s",
			specs: func(s *node.Specs) { s.KeepAlive.States[0].Timeout.Min /= 2; s.KeepAlive.States[0].Timeout.Max /= 2 }},
		{what: "chain-sync waits for ever", want: "the connection is still up, 3373 s",
			specs: func(s *node.Specs) { s.ChainSync.States[0].Timeout.Min, s.ChainSync.States[0].Timeout.Max = 0, 0 }},
		{what: "no limit of messages", want: "!! too large                   DEPARTURE",
			specs: func(s *node.Specs) { s.ChainSync.States[0].Limit *= 10 }},
		{what: "no ingress limit", want: "!! ingress limit exceeded      DEPARTURE",
			specs: func(s *node.Specs) { s.KeepAlive.Ingress *= 1000 }},
		{what: "no end", want: "it ended the connection",
			specs: func(s *node.Specs) { s.BlockFetch.States[0].Edges = s.BlockFetch.States[0].Edges[:1] }},
		{what: "ranges without their last block", want: "ends after",
			hooks: chaintest.Hooks{Range: func(_ context.Context, blocks []ledger.Block) []ledger.Block {
				if len(blocks) > 1 {
					return blocks[:1]
				}
				return blocks
			}}},
		{what: "an intersection that was not offered", want: "MsgIntersectFound in StIntersect",
			hooks: chaintest.Hooks{Intersect: func(_ context.Context, p ledger.Point, tip ledger.Tip, err error) (ledger.Point, ledger.Tip, error) {
				return ledger.Point{Slot: 5, Hash: ledger.Hash{1}}, tip, nil
			}}},
	} {
		t.Run(test.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				specs := node.NewSpecs()
				if test.specs != nil {
					test.specs(specs)
				}
				report, text := run(t, config(t, serve(t, test.hooks, specs, test.segment)))
				if report.Totals().Departures == 0 || !strings.Contains(text, test.want) {
					t.Errorf("%q is not in the report:\n%s", test.want, text)
				}
			})
		})
	}
}

// There is no report about a node that does not talk to us.
func TestUnreachable(t *testing.T) {
	broken := errors.New("no route")
	cfg := conform.Config{Network: chaintest.Network(), Dial: func(context.Context) (net.Conn, error) { return nil, broken }}
	if _, err := conform.Run(t.Context(), cfg); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
