package relay_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/relay"
)

// A relay that keeps few blocks serves the newest ones, says from where on, and loses
// those who stand on blocks that it drops.
func TestRollingFolder(t *testing.T) {
	dir := t.TempDir()
	n := network()
	n.Eras[ledger.Byron].EpochLength = 200 // chunks of about ten blocks
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, eras: &n}
		c := chaintest.New(chaintest.Config{Seed: 7, BlockSize: 1100, Network: n}).Grow(60)
		s.upstream("upstream", c)
		cfg := relay.Config{Follow: s.config("upstream"), DataDir: dir, KeepBlocks: 4 * k}
		r, stop := s.relay("relay", cfg)
		reader := s.reader("relay")
		reader.reach(c)
		dial := func() *node.Conn {
			t.Helper()
			conn, err := node.Dial(t.Context(), "relay", s.config().Config)
			if err != nil {
				t.Fatal(err)
			}
			return conn
		}
		// It has some of the blocks, and stands there while the relay goes on.
		slow := dial()
		defer slow.Close()
		follows := slow.ChainSync()
		start := c.Blocks()[5].Header.Point()
		if p, _, err := follows.Intersect(t.Context(), start); err != nil || p != start {
			t.Fatal(p, err)
		}
		for range 5 {
			c.Grow(100)
			c.Switch(k/2, k/2+3)
			reader.reach(c)
			time.Sleep(time.Minute)
		}
		blocks := c.Blocks()
		first := r.Status().First
		at := 0
		for at < len(blocks) && blocks[at].Header.Point() != first {
			at++
		}
		if at == len(blocks) {
			t.Fatalf("begins at %v", first)
		}
		if kept := len(blocks) - k - at; kept < 4*k || kept > 4*k+40 {
			t.Errorf("begins at block %d of %d, %v", at, len(blocks), first)
		}
		for _, err := range follows.Updates(t.Context()) {
			if err == nil {
				continue // what was on the way
			}
			break
		}
		select {
		case <-slow.Done():
		case <-time.After(time.Minute):
			t.Error("who stands on a dropped block is still connected")
		}

		again := dial()
		defer again.Close()
		cs := again.ChainSync()
		if _, tip, err := cs.Intersect(t.Context(), start, ledger.Origin); !errors.Is(err, chainsync.ErrNoIntersect) || tip != c.Tip() {
			t.Errorf("intersection at blocks that were dropped: tip %v, %v", tip, err)
		}
		if p, _, err := cs.Intersect(t.Context(), first, start); err != nil || p != first {
			t.Errorf("intersection at the first block: %v, %v", p, err)
		}
		for _, from := range []int{at - 1, at} {
			got := 0
			for raw, err := range again.BlockFetch().Range(t.Context(), blocks[from].Header.Point(), c.Tip().Point) {
				if err != nil {
					if from >= at || !errors.Is(err, blockfetch.ErrNoBlocks) {
						t.Errorf("range from block %d: %v", from, err)
					}
					break
				}
				if string(raw.Raw) != string(blocks[from+got].Raw) {
					t.Fatalf("block %d is another", from+got)
				}
				got++
			}
			if from >= at && got != len(blocks)-at {
				t.Errorf("%d blocks from the first one on", got)
			}
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		// It goes on from there, and drops more.
		r, stop = s.relay("relay", cfg)
		if st := r.Status(); st.First != first || st.Tip.BlockNo < ledger.BlockNo(len(blocks)-1-k) {
			t.Errorf("started again it begins at %v and ends at %v", st.First, st.Tip)
		}
		c.Grow(100)
		reader.reach(c)
		if got := r.Status().First; got.Slot <= first.Slot {
			t.Errorf("still begins at %v", got)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// What a relay that rolls leaves when it is killed has all that the next one needs to
// verify, VRF proofs too.
func TestRollingKilled(t *testing.T) {
	dir, left := t.TempDir(), t.TempDir()
	n := signedNetwork()
	n.Eras[ledger.Byron].EpochLength = 20 // slots of a chunk
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, eras: &n, signed: true}
		config := signedConfig()
		config.Network = n
		c := chaintest.New(config).Grow(60)
		s.upstream("upstream", c)
		cfg := relay.Config{Follow: s.config("upstream"), DataDir: dir, KeepBlocks: 2 * k}
		r, stop := s.relay("relay", cfg)
		reader := s.reader("relay")
		for range 30 {
			c.Grow(7)
			reader.reach(c)
			time.Sleep(time.Minute)
		}
		want := r.Status()
		if want.First.IsOrigin() || want.Checks&praos.VRF == 0 {
			t.Fatalf("begins at %v, checked %v", want.First, want.Checks)
		}
		if err := os.CopyFS(left, os.DirFS(dir)); err != nil { // as if killed
			t.Fatal(err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "clean")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the folder is said to be clean, for cardano-node: %v", err)
		}
		cfg.DataDir = left
		r, stop = s.relay("again", cfg)
		c.Grow(7)
		time.Sleep(time.Minute)
		if st := r.Status(); st.Checks != want.Checks || st.Tip != c.Tip() {
			t.Errorf("at %v it has checked %v, before %v", st.Tip, st.Checks, want.Checks)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A folder that cardano-node has used does not roll: the node would remove it. Nothing is
// changed.
func TestRollingNodeFolder(t *testing.T) {
	for _, name := range []string{"ledger", "gsm"} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		s := &stage{t: t}
		_, err := relay.New(relay.Config{Follow: s.config("a:1"), DataDir: dir, KeepBlocks: 100 * k})
		if err == nil || !strings.Contains(err.Error(), "it has "+name+"/") {
			t.Errorf("%s: %v", name, err)
		}
		if entries, err := os.ReadDir(dir); len(entries) != 1 || err != nil {
			t.Errorf("%s: %v, %v", name, entries, err)
		}
	}
}

// Less than what a rollback needs cannot be kept, and nothing without a folder.
func TestKeepBlocksRefused(t *testing.T) {
	s := &stage{t: t}
	for _, cfg := range []relay.Config{
		{Follow: s.config("a:1"), DataDir: t.TempDir(), KeepBlocks: 2*k - 1},
		{Follow: s.config("a:1"), KeepBlocks: 100 * k},
		{Follow: s.config("a:1"), ImmutableDir: t.TempDir(), KeepBlocks: 100 * k},
	} {
		if _, err := relay.New(cfg); err == nil {
			t.Errorf("%d blocks in %q are kept", cfg.KeepBlocks, cfg.DataDir)
		}
	}
}
