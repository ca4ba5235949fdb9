package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// upstream serves a chain and returns the configuration to follow it.
func upstream(t *testing.T, chain *chaintest.Chain) follow.Config {
	t.Helper()
	peer := chaintest.Serve(chaintest.Peer{Chain: chain})
	t.Cleanup(func() { peer.Close() })
	return follow.Config{Config: node.Config{Network: chain.Network()}, Peers: []string{peer.Addr}}
}

// final returns what is in a database that has seen nothing but the present chain.
func final(t *testing.T, cfg follow.Config) string {
	t.Helper()
	d := newDatabase(t, cfg.Network, filepath.Join(t.TempDir(), "final.db"))
	if err := index(t.Context(), d, cfg, true); err != nil {
		t.Fatal(err)
	}
	return dump(t, d)
}

// leave makes the chain leave its last blocks for others. The new tip is in a later slot
// than the old one: who goes on from points takes a fork for the better one by that.
func leave(chain *chaintest.Chain, back int) {
	old := chain.Tip().Point.Slot
	for chain.Switch(back, back+1); chain.Tip().Point.Slot <= old; {
		chain.Grow(1)
	}
}

// A chain through all eras switches forks while it is followed, and while it is not. The
// database is that of the final chain.
func TestRollbacks(t *testing.T) {
	network := chaintest.AllEras()
	for e := range network.Eras { // an epoch each, of some 20 blocks
		network.Eras[e].Start, network.Eras[e].StartEpoch, network.Eras[e].EpochLength = ledger.Slot(40*e), uint64(e), 40
	}
	chain := chaintest.New(chaintest.Config{Seed: 1, Network: network, Signed: true, BlockSize: 3000}).Grow(10)
	cfg := upstream(t, chain)
	r := rand.New(rand.NewPCG(1, 1))
	path := filepath.Join(t.TempDir(), "rolled.db")
	for chain.Tip().Point.Slot < 300 { // into Dijkstra
		chain.Grow(6)
		d := newDatabase(t, network, path)
		if err := index(t.Context(), d, cfg, true); err != nil {
			t.Fatal(err)
		}
		if got := d.saved.Point; got != chain.Tip().Point {
			t.Fatalf("ends at %v, the chain at %v", got, chain.Tip())
		}
		ctx, cancel := context.WithCancel(t.Context())
		leave(chain, 1+r.IntN(3))
		tip := chain.Tip().Point
		cfg := cfg
		cfg.Judge = judge(func(q follow.Question) { // called before the loop has the block
			if q.Block.Header.Point() == tip {
				leave(chain, 1+r.IntN(3))
				cancel()
			}
		})
		if err := index(ctx, d, cfg, false); err != nil {
			t.Fatal(err)
		}
		d.Close()
	}
	d := newDatabase(t, network, path)
	if err := index(t.Context(), d, cfg, true); err != nil {
		t.Fatal(err)
	}
	if got, want := dump(t, d), final(t, cfg); got != want {
		t.Errorf("after rollbacks:\n%swant\n%s", got, want)
	}
	if got := rows(t, d, `SELECT count(DISTINCT era) FROM blocks`); got != "8\n" {
		t.Error("number of eras:", got)
	}
}

// judge calls a function with each block, which is valid.
type judge func(follow.Question)

func (j judge) Judge(_ context.Context, q follow.Question) error {
	j(q)
	return nil
}

// A database is of one network and one start. Two processes do not both write it. What
// does not follow its last block is refused.
func TestRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	gen := chaintest.NewGenerator(chaintest.Config{Seed: 1, Network: ledger.Preview})
	blocks := gen.Blocks(3)
	d, other := newDatabase(t, ledger.Preview, path), newDatabase(t, ledger.Preview, path)
	if _, err := open(path, ledger.Preprod, ledger.Origin); err == nil || !strings.Contains(err.Error(), "magic 2 after origin, not of network magic 1") {
		t.Error("another network:", err)
	}
	if _, err := open(path, ledger.Preview, blocks[0].Header.Point()); err == nil {
		t.Error("another start: no error")
	}
	if err := errors.Join(d.apply(follow.RollForward{Block: blocks[0]}), d.commit()); err != nil {
		t.Fatal(err)
	}
	if err := other.apply(follow.RollForward{Block: blocks[0]}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Error("another process:", err)
	}
	other.Close()
	var gap *follow.GapError
	if err := d.apply(follow.RollForward{Block: blocks[2]}); !errors.As(err, &gap) {
		t.Error("a gap:", err)
	}
	if err := d.apply(follow.RollForward{Block: blocks[1]}); err != nil {
		t.Error("after a gap:", err)
	}
}
