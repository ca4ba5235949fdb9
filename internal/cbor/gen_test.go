package cbor_test

import (
	"math/rand/v2"

	"github.com/ouronet/ouronet/internal/cbor"
)

// gen makes random well-formed items, of every kind and in every width, and
// notes where their strings are.
type gen struct {
	*rand.Rand
	b       []byte
	strings []span
}

// span is the content of a string: from after its head to before what follows.
type span struct{ from, to int }

func newGen(seed uint64) *gen { return &gen{Rand: rand.New(rand.NewPCG(seed, 0))} }

// head appends a head that may be wider than needed.
func (g *gen) head(major byte, n uint64) {
	width := g.IntN(5)
	for width < 4 && n >= [...]uint64{24, 1 << 8, 1 << 16, 1 << 32}[width] {
		width++
	}
	if width == 0 {
		g.b = append(g.b, major<<5|byte(n))
		return
	}
	g.b = append(g.b, major<<5|23+byte(width))
	for i := 8 << (width - 1); i > 0; {
		i -= 8
		g.b = append(g.b, byte(n>>i))
	}
}

func (g *gen) str(major byte) {
	n := g.IntN(40)
	g.head(major, uint64(n))
	g.strings = append(g.strings, span{len(g.b), len(g.b) + n})
	for range n {
		g.b = append(g.b, byte(g.Uint32()))
	}
}

// item appends an item that nests at most depth deep.
func (g *gen) item(depth int) {
	kind := g.IntN(11)
	if depth == 0 {
		kind = g.IntN(4)
	}
	switch kind {
	case 0:
		g.head(byte(g.IntN(2)), g.Uint64()>>g.IntN(64))
	case 1, 2:
		g.str(byte(1 + kind))
	case 3:
		g.simple()
	case 4, 5:
		g.b = append(g.b, byte(kind-2)<<5|31)
		for range g.IntN(4) {
			g.str(byte(kind - 2))
		}
		g.b = cbor.AppendBreak(g.b)
	case 6:
		n := g.IntN(4)
		g.head(4, uint64(n))
		g.items(n, depth)
	case 7:
		g.b = cbor.AppendArrayIndefinite(g.b)
		g.items(g.IntN(4), depth)
		g.b = cbor.AppendBreak(g.b)
	case 8:
		n := g.IntN(3)
		g.head(5, uint64(n))
		g.items(2*n, depth)
	case 9:
		g.b = cbor.AppendMapIndefinite(g.b)
		g.items(2*g.IntN(3), depth)
		g.b = cbor.AppendBreak(g.b)
	case 10:
		g.head(6, g.Uint64()>>g.IntN(64))
		g.item(depth - 1)
	}
}

func (g *gen) items(n, depth int) {
	for range n {
		g.item(depth - 1)
	}
}

func (g *gen) simple() {
	switch g.IntN(3) {
	case 0:
		g.b = append(g.b, 0xe0|byte(g.IntN(24)))
	case 1:
		g.b = append(g.b, 0xf8, byte(32+g.IntN(224)))
	case 2:
		width := g.IntN(3)
		g.b = append(g.b, 0xf9+byte(width))
		for range 2 << width {
			g.b = append(g.b, byte(g.Uint32()))
		}
	}
}
