package sim

import (
	"math/rand/v2"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// producer makes the blocks of a plot.
type producer struct {
	p *Plot
	r *rand.Rand

	main   int         // end of the best chain
	height int         // of the highest block there is
	slot   ledger.Slot // of the latest
}

// extend adds n blocks to the best chain.
func (b *producer) extend(n int) {
	for range n {
		b.main = b.grow(b.main)
	}
}

func (b *producer) grow(parent int) int {
	gap := 1 + b.r.IntN(8)
	return b.add(parent, ledger.Slot(gap), b.p.limits.body+b.r.IntN(b.p.limits.spread))
}

func (b *producer) add(parent int, gap ledger.Slot, body int) int {
	up := &b.p.Blocks[parent]
	block := Block{Parent: parent, Height: up.Height + 1, Slot: up.Slot + gap, Body: body}
	b.slot, b.height = max(b.slot, block.Slot), max(b.height, block.Height)
	b.p.Blocks = append(b.p.Blocks, block)
	return len(b.p.Blocks) - 1
}

// back returns the block n before.
func (b *producer) back(block, n int) int {
	for ; n > 0; n-- {
		block = b.p.Blocks[block].Parent
	}
	return block
}

// room returns how many blocks of the best chain a new branch may leave behind:
// no block that anybody has may come to be k or more above where its chain
// meets the best one, or a node that has it is right to stay there.
func (b *producer) room() int {
	top := b.p.Blocks[b.main].Height
	return min(b.p.limits.k-2-(b.height-top), top)
}

// produce makes a block; at times a branch that becomes the best chain, or one
// that does not. The last block of all is later than any other: followers that
// know no more than points go by slots.
func (b *producer) produce(at time.Duration, last bool) {
	p, r := b.p, b.r
	old, room := b.main, b.room()
	switch {
	case last:
		room = 0
		b.main = b.add(old, b.slot-p.Blocks[old].Slot+1, 1000)
	case room > 0 && r.IntN(100) < p.Scenario.Reorgs:
		d := 1 + r.IntN(room)
		b.main = b.back(b.main, d)
		b.extend(d + 1)
	default:
		b.extend(1)
	}
	first := p.Scenario.Nodes
	for peer, manner := range p.Manners {
		if peer < first {
			continue
		}
		lag := time.Duration(r.IntN(3000)) * time.Millisecond
		if peer > first && (manner == Forking || r.IntN(300) < p.Scenario.Reorgs) && room > 1 {
			d := 1 + r.IntN(room-1)
			side := b.back(old, min(d, p.Blocks[old].Height))
			for range 1 + r.IntN(d+1) {
				side = b.grow(side)
			}
			p.Moves = append(p.Moves, Move{at + lag, peer, side})
			lag += time.Duration(2000+r.IntN(6000)) * time.Millisecond
		}
		p.Moves = append(p.Moves, Move{at + lag, peer, b.main})
	}
}
