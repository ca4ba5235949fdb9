package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// asked counts the blocks that an upstream node sends, by number.
type asked struct {
	mu    sync.Mutex
	sent  int
	first ledger.BlockNo // the lowest
	hold  ledger.BlockNo // this one is not sent, unless it is 0
}

// reset begins to count anew, and returns what was counted.
func (a *asked) reset(hold ledger.BlockNo) (sent int, first ledger.BlockNo) {
	a.mu.Lock()
	defer a.mu.Unlock()
	sent, first = a.sent, a.first
	a.sent, a.first, a.hold = 0, 1<<40, hold
	return sent, first
}

func (a *asked) block(ctx context.Context, b ledger.Block) {
	a.mu.Lock()
	held := a.hold > 0 && b.Header.BlockNo == a.hold
	if !held {
		a.sent++
		a.first = min(a.first, b.Header.BlockNo)
	}
	a.mu.Unlock()
	if held {
		<-ctx.Done()
	}
}

// A relay that was killed goes on at its tip, serves it before it has reached anybody,
// and fetches nothing again.
func TestKilled(t *testing.T) {
	chain := newChain(1).Grow(4000)
	var asked asked
	asked.reset(2000)
	peer := nodetest.ServePeer(t, chaintest.Peer{Chain: chain.Fork(0), Hooks: chaintest.Hooks{Block: asked.block}}).Addr
	dir := t.TempDir()
	p := start(t, "-data", dir, "-peer", peer)
	p.await("2,000 blocks", func(e line) bool { return e.Event == "status" && e.Blocks == 2000 })
	p.cmd.Process.Kill() // SIGKILL: nothing is flushed or closed
	p.end()
	left := blockFiles(t, dir)

	p = start(t, "-data", dir, "-peer", nobody(t))
	begin := p.named("start")
	if begin.Block != 1999 {
		t.Errorf("goes on from block %d; files when it was killed %v, once it goes on %v", begin.Block, left, blockFiles(t, dir))
	}
	conn, err := node.Dial(t.Context(), begin.Listen, node.Config{Network: ledger.Preview})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if at, tip, err := conn.ChainSync().Intersect(t.Context(), chain.Point(2000)); err != nil || tip.BlockNo != 1999 {
		t.Errorf("serves the tip %v, intersection %v, %v", tip, at, err)
	}
	served := 0
	for b, err := range conn.Blocks(t.Context(), chain.Point(3990), chain.Point(2000)) {
		if err != nil {
			t.Fatal(err)
		}
		served += min(1, len(b.Raw))
	}
	if served != 1991 {
		t.Errorf("serves %d blocks", served)
	}
	p.cmd.Process.Kill()
	p.end()

	asked.reset(0)
	p = start(t, "-data", dir, "-exit-at-tip", "-peer", peer)
	if end := p.named("end"); end.Block != 3999 {
		t.Errorf("ends at block %d", end.Block)
	}
	if exit := p.end(); exit != 0 {
		t.Errorf("exit code %d, %s", exit, p.stderr.String())
	}
	if sent, first := asked.reset(0); sent != 2000 || first != 2000 {
		t.Errorf("%d blocks from block %d on were fetched, want 2000 from 2000 on", sent, first)
	}

	// At the tip: nothing is fetched at all.
	p = start(t, "-data", dir, "-exit-at-tip", "-peer", peer)
	p.named("end")
	p.end()
	if sent, _ := asked.reset(0); sent != 0 {
		t.Errorf("%d blocks were fetched again", sent)
	}
	sameBlocks(t, dir, ledger.Preview, chain.Blocks())
}

// blockFiles returns the size of each file with blocks in a data folder.
func blockFiles(t *testing.T, dir string) (sizes []string) {
	t.Helper()
	for _, pattern := range []string{"volatile/blocks-*.dat", "immutable/*.chunk"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, fmt.Sprintf("%s %d", filepath.Base(name), info.Size()))
		}
	}
	return sizes
}

// Whenever a relay is killed, all that it has served is there when it starts again, and
// no block that it had adopted is fetched again; also where its chain has switched.
func TestKilledAtAnyMoment(t *testing.T) {
	chain := newChain(1).Grow(2500)
	var asked asked
	peer := nodetest.ServePeer(t, chaintest.Peer{Chain: chain, Hooks: chaintest.Hooks{Block: asked.block}}).Addr
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 1))
	wants := ledger.BlockNo(0)
	for round := range 8 {
		asked.reset(0)
		p := start(t, "-data", dir, "-peer", peer)
		begin := p.named("start")
		if ledger.BlockNo(begin.Block) < wants {
			t.Errorf("round %d: begins with block %d, and had served %d", round, begin.Block, wants)
		}
		ctx, cancel := context.WithCancel(t.Context())
		for ev, err := range follow.Follow(ctx, follow.Config{Config: node.Config{Network: ledger.Preview}, Peers: []string{begin.Listen}}) {
			if err != nil {
				t.Fatal(err)
			}
			if ev, ok := ev.(follow.RollForward); ok {
				wants = ev.Block.Header.BlockNo
			}
			if wants > ledger.BlockNo(200*(round+1)+r.IntN(100)) {
				break
			}
		}
		chain.Switch(1+r.IntN(5), 6)
		time.Sleep(time.Duration(r.IntN(int(20 * time.Millisecond)))) // nothing is waited for: any moment will do
		p.cmd.Process.Kill()
		p.end()
		cancel()
		if _, first := asked.reset(0); first+5 < ledger.BlockNo(begin.Block) { // a switch goes back by five blocks
			t.Errorf("round %d: block %d was fetched again, it began with %d", round, first, begin.Block)
		}
	}
	p := start(t, "-data", dir, "-exit-at-tip", "-peer", peer)
	p.named("end")
	p.end()
	sameBlocks(t, dir, ledger.Preview, chain.Blocks())
}
