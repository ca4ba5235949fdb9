package sim

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// poison has peers that do not judge go over to longer chains that are not valid, for
// a while and, some of them, in the end for good. The honest peer's moves tell which
// chain is the best at a time.
func (p *Plot) poison(r *rand.Rand) {
	first := p.Scenario.Nodes
	b := producer{p: p, r: r}
	wrong := func(peer int, flaw Flaw, best int) int {
		at := b.back(best, min(r.IntN(4), p.Blocks[best].Height))
		at = b.grow(at)
		p.Blocks[at].Flaw = flaw
		for n := p.Blocks[best].Height - p.Blocks[at].Height + r.IntN(8); n >= 0; n-- {
			at = b.grow(at)
		}
		return at
	}
	flaws := map[Manner]Flaw{Credulous: Unfit, Poisoning: Absurd}
	moves := p.Moves
	for peer, manner := range p.Manners {
		flaw := flaws[manner]
		if flaw == Sound {
			continue
		}
		free := time.Duration(0) // who hops to and fro seems to announce what it has not
		for _, m := range moves {
			if m.Node == first && m.At > free && r.IntN(4) == 0 {
				free = m.At + 12*time.Second
				p.Moves = append(p.Moves, Move{m.At + time.Duration(r.IntN(4000))*time.Millisecond, peer, wrong(peer, flaw, m.Block)})
			}
		}
		if r.IntN(2) == 0 {
			p.Moves = append(p.Moves, Move{p.Quiet + 10*time.Second, peer, wrong(peer, flaw, p.Best)})
		}
	}
	slices.SortStableFunc(p.Moves, func(a, b Move) int { return cmp.Compare(a.At, b.At) })
}
