package relay_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/relay"
)

// A relay whose folder begins later than the chain has no intersection at the origin:
// followers go to another node then, in place of being dropped. Those that have one of
// its blocks follow.
func TestFolderWithoutOrigin(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t}, newChain().Grow(100)
		blocks := c.Blocks()
		db, err := immutable.OpenAppend(dir, immutable.Options{Network: network()})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blocks[60:80] {
			if err := db.Append(b); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		s.upstream("upstream", c)
		for _, cfg := range []relay.Config{{Follow: s.config("upstream"), DataDir: dir}, {Follow: s.config("upstream"), ImmutableDir: dir}} {
			r, stop := s.relay("relay", cfg)
			if got, want := r.Status().First, blocks[60].Header.Point(); got != want {
				t.Errorf("begins at %v, want %v", got, want)
			}
			dial := func() *node.Conn {
				t.Helper()
				conn, err := node.Dial(t.Context(), "relay", s.config().Config)
				if err != nil {
					t.Fatal(err)
				}
				return conn
			}
			conn := dial()
			cs := conn.ChainSync()
			// Twice: the connection stays.
			for range 2 {
				if _, tip, err := cs.Intersect(t.Context(), blocks[20].Header.Point(), ledger.Origin); !errors.Is(err, chainsync.ErrNoIntersect) || tip.BlockNo < 79 {
					t.Errorf("intersection at the origin: tip %v, %v", tip, err)
				}
			}
			p, _, err := cs.Intersect(t.Context(), blocks[70].Header.Point(), ledger.Origin)
			if err != nil || p != blocks[70].Header.Point() {
				t.Errorf("intersection at %v, %v", p, err)
			}
			next := 71
			for u, err := range cs.Updates(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				f, ok := u.(chainsync.RollForward)
				if !ok {
					continue
				}
				if no, err := f.Header.BlockNo(); err != nil || no != ledger.BlockNo(next) {
					t.Fatalf("block %v, %v, want %d", no, err, next)
				}
				if next++; next == 100 {
					break
				}
			}
			conn.Close()

			// Who asks for all blocks without an intersection gets none of them.
			conn = dial()
			for u, err := range conn.ChainSync().Updates(t.Context()) {
				if err == nil {
					t.Errorf("from the start: %v", u)
				}
				break
			}
			conn.Close()
			if err := stop(); err != nil {
				t.Error(err)
			}
		}
	})
}
