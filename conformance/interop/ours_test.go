package interop_test

import (
	"context"
	"iter"
	"net"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// magic is that of chaintest.Network.
const magic = 42

func config() node.Config { return node.Config{Network: chaintest.Network()} }

// generate makes n blocks of about size bytes.
func generate(n, size int) []ledger.Block {
	return chaintest.NewGenerator(chaintest.Config{BlockSize: size}).Blocks(n)
}

// everyEra makes a chain that goes through all eras from the first on, Byron's
// boundary blocks included.
func everyEra(first ledger.Era) []ledger.Block {
	var eras []chaintest.Stretch
	for era := first; era.Known(); era++ {
		eras = append(eras, chaintest.Stretch{Era: era, Blocks: 12})
	}
	return chaintest.NewGenerator(chaintest.Config{Eras: eras, BlockSize: 2000}).Blocks(12 * len(eras))
}

// limited returns a context that ends what hangs.
func limited(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// skipRace skips under the race detector what makes gouroboros race with
// itself: that is not ours to mend.
func skipRace(t testing.TB, where string) {
	t.Helper()
	if testenv.Race {
		t.Skip("gouroboros has a data race in " + where)
	}
}

// theirServer starts a third-party server.
func theirServer(t testing.TB, cfg peer.ServerConfig) *peer.Server {
	t.Helper()
	testenv.CheckLeaks(t)
	if cfg.Magic == 0 {
		cfg.Magic = magic
	}
	s, err := peer.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// theirClient connects a third-party client.
func theirClient(t testing.TB, address string, cfg peer.ClientConfig) *peer.Client {
	t.Helper()
	if cfg.Magic == 0 {
		cfg.Magic = magic
	}
	c, err := peer.Dial(limited(t), address, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// ourServer starts a server of ours; conns receives its connections.
func ourServer(t testing.TB, cfg node.Config) (address string, conns <-chan *node.Conn) {
	t.Helper()
	testenv.CheckLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	c := make(chan *node.Conn, 10)
	go func() {
		cfg.Observer.Connected = func(conn *node.Conn) { c <- conn }
		done <- node.Serve(ctx, l, cfg)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return l.Addr().String(), c
}

// ourClient dials with our node.
func ourClient(t testing.TB, address string, cfg node.Config) *node.Conn {
	t.Helper()
	c, err := node.Dial(limited(t), address, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// sources answers with a chain.
func sources(c *peer.Chain) *node.Sources {
	return &node.Sources{
		ChainSync: func(ctx context.Context, _ *node.Conn) chainsync.Source {
			f := c.Follow()
			context.AfterFunc(ctx, f.Close)
			return &source{f: f}
		},
		BlockFetch: ranges{c},
	}
}

// source is what a follower of ours sees of a chain.
type source struct {
	f    *peer.Follower
	wait <-chan struct{}
}

func (s *source) Intersect(_ context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	p, tip, ok := s.f.Intersect(points)
	if !ok {
		return p, tip, chainsync.ErrNoIntersect
	}
	return p, tip, nil
}

func (s *source) Next(context.Context) (chainsync.Update, error) {
	u, wait := s.f.Advance()
	s.wait = wait
	switch {
	case wait != nil:
		return nil, nil
	case u.Block == nil:
		return chainsync.RollBackward{Point: u.Point, Tip: u.Tip}, nil
	}
	return chainsync.RollForward{Header: u.Block.Header.Raw, Tip: u.Tip}, nil
}

func (s *source) Wait(ctx context.Context) error {
	select {
	case <-s.wait:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

type ranges struct{ chain *peer.Chain }

func (r ranges) Range(_ context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	blocks, ok := r.chain.Range(from, to)
	if !ok {
		return nil, nil
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		for _, b := range blocks {
			if !yield(b.Raw, nil) {
				return
			}
		}
	}, nil
}
