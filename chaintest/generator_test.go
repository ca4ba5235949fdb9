package chaintest_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
)

// shortEpochs makes Byron epochs of 100 slots.
func shortEpochs() ledger.Network {
	n := chaintest.Network()
	n.Eras[ledger.Byron].EpochLength = 100
	return n
}

func allEras(blocks int) (eras []chaintest.Stretch) {
	for e := ledger.Byron; e.Known(); e++ {
		eras = append(eras, chaintest.Stretch{Era: e, Blocks: blocks})
	}
	return eras
}

func TestChainsHold(t *testing.T) {
	for name, c := range map[string]chaintest.Config{
		"zero":     {},
		"seed":     {Seed: 7},
		"18 kB":    {BlockSize: 18_000},
		"72 kB":    {BlockSize: 72_000},
		"smallest": {BlockSize: 1},
		"after":    {After: 1 << 40},
		"all eras": {Network: shortEpochs(), Eras: allEras(250)},
		"one pool": {Pools: 1, Network: ledger.Mainnet},
	} {
		t.Run(name, func(t *testing.T) {
			g := chaintest.NewGenerator(c)
			checkChain(t, g, nil, ledger.NumEras*250)
		})
	}
}

// checkChain makes n blocks after prev and checks all that a receiver can.
func checkChain(t *testing.T, g *chaintest.Generator, prev *ledger.Header, n int) {
	t.Helper()
	txs, bytes, ebbs := 0, 0, 0
	for range n {
		b := g.Next()
		h := &b.Header
		if err := b.CheckBody(); err != nil {
			t.Fatal(err)
		}
		ids, err := b.Txs()
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range ids {
			if id, err := tx.Raw.ID(); err != nil || id != tx.ID {
				t.Fatalf("block %v: transaction %v has id %v, %v", h.Point(), tx.ID, id, err)
			}
		}
		if h.Raw.Era != ledger.Byron {
			if s, ok := h.Shelley(); !ok || len(s.Signature) != 448 {
				t.Fatalf("block %v: header cannot be read", h.Point())
			}
		}
		if why := follows(prev, h); why != "" {
			t.Fatalf("block %v (%d, boundary %v): %s", h.Point(), h.BlockNo, h.Raw.EBB, why)
		}
		if h.Tip() != g.Tip() {
			t.Fatalf("generator is at %v, block at %v", g.Tip(), h.Tip())
		}
		txs, bytes, prev = txs+len(ids), bytes+len(b.Raw), h
		if h.Raw.EBB {
			ebbs++
		}
	}
	t.Logf("%d blocks to slot %d, %d boundary blocks, %d transactions, %d bytes a block", n, prev.Slot, ebbs, txs, bytes/n)
}

// follows states the numbering rules. (points-headers-blocks, 8)
func follows(prev, h *ledger.Header) string {
	number, slot := ledger.BlockNo(0), ledger.Slot(0)
	if prev != nil {
		number, slot = prev.BlockNo+1, prev.Slot+1
		if h.Raw.EBB {
			number--
		} else if prev.Raw.EBB {
			slot--
		}
	}
	switch {
	case prev == nil && h.HasPrev, prev != nil && !h.PrevIs(prev.Point()):
		return "wrong predecessor"
	case h.BlockNo != number:
		return fmt.Sprintf("number is not %d", number)
	case h.Slot < slot:
		return fmt.Sprintf("slot is not at least %d", slot)
	}
	return ""
}

// The chain of a seed never changes: benchmarks and recorded scenarios rely on
// it. This hash may change only together with what is generated.
func TestSameSeedSameChain(t *testing.T) {
	for last, want := range map[ledger.Era]string{
		ledger.Conway:   "95054dc1d0d4354be552b92cc9cc0d64673b617e3afbeaedfdd92fcfb72b3dfc",
		ledger.Dijkstra: "1c67fcb745a5d89754b55c90f0d80ee782d362c3852afbf9dc6cde56ce707859",
	} {
		g := chaintest.NewGenerator(chaintest.Config{Seed: 1, Network: shortEpochs(), Eras: allEras(30)[:last+1]})
		g.Blocks(300)
		if got := g.Tip().Point.Hash.String(); got != want {
			t.Errorf("chain of seed 1 to %v ends with %s, want %s", last, got, want)
		}
	}
	if a, b := chaintest.NewGenerator(chaintest.Config{Seed: 1}).Next(), chaintest.NewGenerator(chaintest.Config{Seed: 2}).Next(); a.Header.Hash == b.Header.Hash {
		t.Error("two seeds make the same block")
	}
}

func TestFork(t *testing.T) {
	g := chaintest.NewGenerator(chaintest.Config{Seed: 3})
	blocks := g.Blocks(50)
	at := blocks[29].Header

	a := fork(t, g, at.Point())
	checkChain(t, a, &at, 30)
	b := fork(t, g, at.Point())
	checkChain(t, b, &at, 30)
	again := fork(t, a, at.Point())
	first := map[ledger.Hash]string{blocks[30].Header.Hash: "g"}
	for name, f := range map[string]*chaintest.Generator{"a": fork(t, g, at.Point()), "b": fork(t, g, at.Point()), "again": again} {
		h := f.Next().Header
		if other, ok := first[h.Hash]; ok {
			t.Errorf("branches %s and %s go on with the same block", other, name)
		}
		first[h.Hash] = name
	}

	// Neither forks nor what was made in between change a branch.
	same := chaintest.NewGenerator(chaintest.Config{Seed: 3})
	same.Blocks(35)
	if x, y := g.Next(), same.Blocks(16)[15]; !bytes.Equal(x.Raw, y.Raw) {
		t.Errorf("block %v after forking, %v without", x.Header.Point(), y.Header.Point())
	}
	if x, y := fork(t, same, at.Point()).Blocks(30)[29].Header.Tip(), a.Tip(); x != y {
		t.Errorf("the first fork ends at %v and at %v", x, y)
	}
	if _, err := g.Fork(ledger.Point{Slot: 1}); err == nil {
		t.Error("forked from a block that is not there")
	}
	checkChain(t, fork(t, g, ledger.Origin), nil, 10)
}

func fork(t *testing.T, g *chaintest.Generator, at ledger.Point) *chaintest.Generator {
	t.Helper()
	f, err := g.Fork(at)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestBlockSize(t *testing.T) {
	for _, era := range []ledger.Era{ledger.Shelley, ledger.Alonzo, ledger.Babbage, ledger.Conway, ledger.Dijkstra} {
		for _, size := range []int{1_500, 18_000, 72_000, 90_000} {
			g := chaintest.NewGenerator(chaintest.Config{BlockSize: size, Eras: []chaintest.Stretch{{Era: era}}})
			for _, b := range g.Blocks(100) {
				if got := len(b.Raw); got < size-500 || got > size+100 {
					t.Errorf("%v block of %d bytes, want about %d", era, got, size)
				}
			}
		}
	}
}

func BenchmarkNext(b *testing.B) {
	for _, size := range []int{18_000, 72_000} {
		b.Run(fmt.Sprintf("%dkB", size/1000), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			g := chaintest.NewGenerator(chaintest.Config{BlockSize: size})
			for b.Loop() {
				g.Next()
			}
		})
	}
}

// A block can be given a slot and a size.
func TestNextAfter(t *testing.T) {
	n := chaintest.Network()
	n.ActiveSlots = ledger.Ratio{Num: 1, Den: 1}
	for _, signed := range []bool{false, true} {
		if signed {
			n.ActiveSlots.Den = 2
		}
		g := chaintest.NewGenerator(chaintest.Config{Network: n, Signed: signed, BlockSize: 5000})
		var last ledger.Slot
		for i, after := range []ledger.Slot{3, 4, 40, 2} {
			b := g.NextAfter(after, 2000)
			least := max(after, last) + 1
			if slot := b.Header.Slot; slot < least || !signed && slot != least {
				t.Errorf("signed %t: slot %d, want %d", signed, slot, least)
			}
			last = b.Header.Slot
			if size := len(b.Raw); size < 1500 || size > 2500 || int(b.Header.BlockNo) != i {
				t.Errorf("block %d of %d bytes, want %d of 2000", b.Header.BlockNo, size, i)
			}
		}
		if b := g.Next(); len(b.Raw) < 4500 || b.Header.Slot <= last {
			t.Errorf("the next one has %d bytes, slot %d", len(b.Raw), b.Header.Slot)
		}
	}
}
