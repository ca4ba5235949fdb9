package stack

import (
	"fmt"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/sim"
	"github.com/ouronet/ouronet/ledger"
)

// headerPart is about what a block has beside its body, in bytes.
const headerPart = 880

// Tree is a plot's blocks as real ones, by their places in Plot.Blocks. It is
// only read: several plays may share it.
type Tree struct {
	Network ledger.Network

	// Blocks are the blocks. The first, the start of all chains, is empty.
	Blocks []ledger.Block

	// Txs are as many transactions as are submitted.
	Txs []ledger.Tx

	parents []int
	byPoint map[ledger.Point]int
	foreign []ledger.Block // a chain of somebody else's, which fits nowhere
}

// Render makes the blocks of a plot. Signed headers pass all checks; their slots
// are then later than the plot's, since not each slot has a leader, but in the
// same order where the plot says so: along a chain, and for the best block.
func Render(p *sim.Plot, signed bool) (*Tree, error) {
	n := chaintest.Network()
	n.SecurityParam = uint64(p.Config(0).K)
	n.ActiveSlots = ledger.Ratio{Num: 1, Den: 1}
	if signed {
		n.ActiveSlots.Den = 2
	}
	n.Start = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC) // bubbles begin in 2000
	t := &Tree{Network: n, byPoint: map[ledger.Point]int{ledger.Origin: 0}}
	root := chaintest.NewGenerator(chaintest.Config{Seed: p.Seed, Network: n, Signed: signed})
	t.Blocks = append(t.Blocks, ledger.Block{})
	t.parents = append(t.parents, 0)
	ends := []*chaintest.Generator{root} // by block
	var last ledger.Slot
	for i, b := range p.Blocks[1:] {
		gen, err := ends[b.Parent].Fork(t.Point(b.Parent))
		if err != nil {
			return nil, fmt.Errorf("stack: block %d: %w", i+1, err)
		}
		after := t.Blocks[b.Parent].Header.Slot + b.Slot - p.Blocks[b.Parent].Slot - 1
		if i+1 == p.Best {
			after = max(after, last)
		}
		block := gen.NextAfter(after, headerPart+b.Body)
		last = max(last, block.Header.Slot)
		t.byPoint[block.Header.Point()] = len(t.Blocks)
		t.Blocks = append(t.Blocks, block)
		t.parents = append(t.parents, b.Parent)
		ends = append(ends, gen)
	}
	t.foreign = chaintest.NewGenerator(chaintest.Config{Seed: p.Seed + 1, Network: n, BlockSize: headerPart}).Blocks(8)
	return t, t.makeTxs(p)
}

func (t *Tree) makeTxs(p *sim.Plot) error {
	gen := chaintest.NewGenerator(chaintest.Config{Seed: p.Seed + 2, Network: t.Network, BlockSize: 10_000})
	for len(t.Txs) < len(p.Submissions) {
		b := gen.Next()
		txs, err := b.Txs()
		if err != nil {
			return fmt.Errorf("stack: transactions: %w", err)
		}
		t.Txs = append(t.Txs, txs...)
	}
	t.Txs = t.Txs[:len(p.Submissions)]
	return nil
}

// Point returns the point of a block.
func (t *Tree) Point(i int) ledger.Point {
	if i == 0 {
		return ledger.Origin
	}
	return t.Blocks[i].Header.Point()
}

// Tip returns the tip of the chain that ends with a block.
func (t *Tree) Tip(i int) ledger.Tip {
	if i == 0 {
		return ledger.Tip{}
	}
	return t.Blocks[i].Header.Tip()
}

// Find returns the block at a point.
func (t *Tree) Find(p ledger.Point) (i int, ok bool) {
	i, ok = t.byPoint[p]
	return i, ok
}

// Line returns the chain that ends with a block, by height.
func (t *Tree) Line(i int) []int {
	var line []int
	for ; i != 0; i = t.parents[i] {
		line = append(line, i)
	}
	line = append(line, 0)
	for a, b := 0, len(line)-1; a < b; a, b = a+1, b-1 {
		line[a], line[b] = line[b], line[a]
	}
	return line
}
