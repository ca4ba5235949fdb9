package relay_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/ledger/praos"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

// run starts a relay and stops it when the test ends.
func run(t testing.TB, cfg relay.Config) (*relay.Relay, string) {
	t.Helper()
	cfg.Listener = nodetest.Listen(t)
	r, err := relay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(time.Minute):
			t.Error("Run did not end")
		}
	})
	return r, cfg.Listener.Addr().String()
}

// The blocks of a real folder go through two relays and arrive unchanged.
func TestRealBlocks(t *testing.T) {
	if testenv.Race {
		t.Skip("17,310 blocks take long under the race detector; generated chains do the same")
	}
	dir := filepath.Join(testenv.ChainData(t), "preview-immutable")
	var log *slog.Logger
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	config := func(peers ...string) relay.Config {
		return relay.Config{Follow: follow.Config{
			Config: node.Config{Network: ledger.Preview, Logger: log},
			Peers:  peers,
		}}
	}
	upstream := config("127.0.0.1:1") // follows nobody
	upstream.ImmutableDir = dir
	_, address := run(t, upstream)
	r, address := run(t, config(address))

	db, err := immutable.Open(dir, immutable.Options{Network: ledger.Preview})
	if err != nil {
		t.Fatal(err)
	}
	followTo(t, config(address).Follow, db)
	if st := r.Status(); st.Verified != st.Blocks || st.Checks&praos.VRF == 0 {
		t.Errorf("%d of %d headers verified, the last one's %v", st.Verified, st.Blocks, st.Checks)
	}
}

// A relay gives away what its operator advertises, if it is routable, and
// never the node that it follows, which may be a block producer.
func TestPeers(t *testing.T) {
	testenv.CheckLeaks(t)
	loopback, public := netip.MustParseAddrPort("127.0.0.1:3001"), netip.MustParseAddrPort("198.51.100.7:3001")
	for _, test := range []struct {
		name      string
		advertise []netip.AddrPort
		routable  func(netip.Addr) bool
		want      []netip.AddrPort
	}{
		{"nothing", nil, nil, nil},
		{"public", []netip.AddrPort{loopback, public}, nil, []netip.AddrPort{public}},
		{"loopback counts", []netip.AddrPort{loopback, public}, netip.Addr.IsLoopback, []netip.AddrPort{loopback}},
		{"ten at most", slices.Repeat([]netip.AddrPort{public}, 20), nil, slices.Repeat([]netip.AddrPort{public}, 10)},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newChain().Grow(5)
			l := nodetest.Listen(t)
			nodetest.Serve(t, l, node.Config{Network: network(), Sources: c.Sources()})
			cfg := relay.Config{Follow: follow.Config{
				Config: node.Config{Network: network(), PeerSharing: true, Routable: test.routable},
				Peers:  []string{l.Addr().String()},
			}, Advertise: test.advertise, NoVerify: true}
			r, address := run(t, cfg)
			conn, err := node.Dial(t.Context(), address, cfg.Follow.Config)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for _, err := range follow.Follow(t.Context(), follow.Config{Config: cfg.Follow.Config, Peers: []string{address}}) {
				if err != nil {
					t.Fatal(err)
				}
				if r.Status().AtTip() {
					break // so the upstream node is connected
				}
			}
			for _, amount := range []uint8{0, 1, 255} {
				peers, err := conn.PeerSharing().Request(t.Context(), amount)
				if want := test.want[:min(int(amount), len(test.want))]; err != nil || !slices.Equal(peers, want) {
					t.Errorf("asked for %d: %v, %v, want %v", amount, peers, err, want)
				}
			}
		})
	}
}

// followTo follows until it has all blocks of db.
func followTo(t *testing.T, cfg follow.Config, db *immutable.DB) {
	t.Helper()
	start := time.Now()
	want, stop := pull(t, db)
	defer stop()
	n, size := 0, 0
	for ev, err := range follow.Follow(t.Context(), cfg) {
		if err != nil {
			t.Fatalf("after %d blocks: %v", n, err)
		}
		forward, ok := ev.(follow.RollForward)
		if !ok {
			continue
		}
		if raw := want(); !bytes.Equal(raw, forward.Block.Raw) {
			t.Fatalf("block %d, %v: bytes differ", n, forward.Block.Header.Point())
		}
		n++
		size += len(forward.Block.Raw)
		if forward.Block.Header.Point() == db.Tip().Point {
			break
		}
	}
	took := time.Since(start)
	t.Logf("%d blocks, %d bytes in %v: %.0f blocks/s, %.1f MB/s", n, size, took, float64(n)/took.Seconds(), float64(size)/1e6/took.Seconds())
}

func pull(t *testing.T, db *immutable.DB) (next func() []byte, stop func()) {
	c := make(chan []byte, 100)
	quit := make(chan struct{})
	go func() {
		for raw, err := range db.BlocksAfter(ledger.Origin) {
			if err != nil {
				t.Error(err)
			}
			select {
			case c <- raw:
			case <-quit:
				return
			}
		}
	}()
	return func() []byte { return <-c }, func() { close(quit) }
}
