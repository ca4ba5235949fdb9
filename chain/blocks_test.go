package chain

import (
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// grove is a tree alone, whose blocks have names.
type grove struct {
	*testing.T
	tree
	names  *forest
	blocks map[string]*block
}

func newGrove(t *testing.T, k int, lines ...string) *grove {
	g := &grove{t, newTree(&Config{K: k, Prefer: PreferPraos}), newForest(), map[string]*block{}}
	g.blocks["o"] = g.anchor
	for _, line := range lines {
		if err := g.names.parse(line); err != nil {
			t.Fatal(err)
		}
		names := strings.Split(line, "-")
		for i, name := range names[1:] {
			h := g.names.headers[name]
			b, fresh, err := g.extend(g.blocks[names[i]], &h)
			if err != nil || !fresh {
				t.Fatalf("%s: new: %t, error %v", name, fresh, err)
			}
			g.blocks[name] = b
		}
	}
	return g
}

// adoptAll holds and adopts blocks.
func (g *grove) adoptAll(names ...string) {
	for _, name := range names {
		b := g.blocks[name]
		if !b.held {
			g.hold(b, 100)
			g.makeReady(b)
		}
		g.adopt(b)
	}
}

// want compares the names of blocks, and what is counted beside our chain.
func (g *grove) want(removed []*block, names string, side, heldBytes int) {
	g.Helper()
	var got []string
	for _, b := range removed {
		if !b.gone {
			g.Errorf("%v is not gone", b.point)
		}
		got = append(got, g.names.name(b.point))
	}
	if !slices.Equal(got, strings.Fields(names)) || g.side != side || g.heldBytes != heldBytes {
		g.Errorf("%v left, %d blocks and %d bytes beside our chain; want %q, %d, %d",
			got, g.side, g.heldBytes, names, side, heldBytes)
	}
}

// A header that is there already is not added again.
func TestTreeKnowsHeaders(t *testing.T) {
	g := newGrove(t, 5, "o-a-b")
	h := g.names.headers["b"]
	if b, fresh, err := g.extend(g.blocks["a"], &h); b != g.blocks["b"] || fresh || err != nil {
		t.Errorf("got %v, new: %t, error %v", b, fresh, err)
	}
	g.want(nil, "", 2, 0)
}

// What nobody needs goes leaf by leaf, up to what a candidate, a range, another child or
// our chain needs.
func TestTreePrune(t *testing.T) {
	g := newGrove(t, 5, "o-a-b-c-d", "b-x-y")
	g.adoptAll("a")
	for _, name := range []string{"c", "d", "y"} {
		g.hold(g.blocks[name], 10)
	}
	g.want(nil, "", 5, 30)
	d, y := g.blocks["d"], g.blocks["y"]
	d.tips, y.claims = 1, 1
	g.want(g.prune(d), "", 5, 30)
	g.want(g.prune(y), "", 5, 30)
	g.want(g.prune(g.blocks["c"]), "", 5, 30)
	d.tips = 0
	g.want(g.prune(d), "d c", 3, 10)
	g.want(g.prune(d), "", 3, 10)
	y.claims = 0
	g.want(g.prune(y), "y x b", 0, 0)
	if a := g.blocks["a"]; g.tip != a || a.child != nil || a.gone {
		t.Error("our chain changed")
	}
}

// With more than k blocks above it the anchor moves, and forks that begin below it go
// whole, whoever needs them.
func TestTreeAdvance(t *testing.T) {
	g := newGrove(t, 2, "o-a-b-c-d", "o-x-y", "x-z", "b-w")
	g.blocks["y"].tips = 1
	g.adoptAll("a", "b")
	g.want(g.advance(), "", 6, 0)
	if g.moved || g.lost {
		t.Error("the anchor moved early")
	}
	g.adoptAll("c", "d")
	g.want(g.advance(), "z y x o a", 1, 0)
	if b := g.blocks["b"]; g.anchor != b || b.parent != nil || !g.moved || !g.lost || g.blocks["w"].gone {
		t.Errorf("anchor %v, moved %t, lost %t", g.names.name(g.anchor.point), g.moved, g.lost)
	}
	if p := g.points(); len(p) != 3 || p[0] != g.tip.point || p[2] != g.anchor.point {
		t.Errorf("offers %v", p)
	}
}

// Blocks that leave our chain are kept, k of them: the oldest beyond that has to go. One
// that was adopted again counts from when it left our chain last.
func TestTreeKeepsOldForks(t *testing.T) {
	g := newGrove(t, 2, "o-a-b-c-d")
	g.adoptAll("a", "b")
	for range 2 {
		g.want(g.abandon(), "", 2, 0)
	}
	g.adoptAll("a", "b", "c")
	g.want(nil, "", 1, 0)
	for range 3 {
		g.abandon()
	}
	if g.tip != g.anchor || g.keptN != 3 {
		t.Fatalf("tip %v, %d kept", g.tip.point, g.keptN)
	}
	var b *block
	for b == nil && g.crowded() {
		b = g.popKept()
	}
	if b != g.blocks["c"] {
		t.Fatalf("forgets %v", b)
	}
	g.unkeep(b)
	g.want(nil, "", 2, 100)
	g.unhold(b)
	g.want(nil, "", 2, 0)
	for g.crowded() {
		if b := g.popKept(); b != nil {
			t.Errorf("forgets %v, with two left", b)
		}
	}
}

// Ready is what is held and follows our chain without a gap.
func TestTreeReady(t *testing.T) {
	g := newGrove(t, 5, "o-a-b-c", "b-x")
	for _, name := range []string{"b", "c", "x"} {
		g.hold(g.blocks[name], 1)
	}
	ready := func(want string) {
		t.Helper()
		var got []string
		for _, name := range []string{"a", "b", "c", "x"} {
			if g.blocks[name].ready {
				got = append(got, name)
			}
		}
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("ready: %v, want %q", got, want)
		}
	}
	ready("")
	g.hold(g.blocks["a"], 1)
	g.makeReady(g.blocks["a"])
	ready("a b c x")
	g.unhold(g.blocks["b"])
	ready("a")
	g.want(nil, "", 4, 3)
	if g.onChain(g.blocks["a"].point) != nil || g.onChain(ledger.Origin) != g.anchor {
		t.Error("what is ready is on our chain")
	}
}

// A core that starts with more than k blocks holds on to nothing below its anchor.
func TestStartLetsGo(t *testing.T) {
	hs := line(50)
	var points []ledger.Point
	for _, h := range slices.Backward(hs) {
		points = append(points, h.Point())
	}
	for _, cfg := range []Config{{K: 5, Adopted: hs}, {K: 5, Points: points}} {
		core, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		core.check(t)
		if n := core.tree.adopted.Len(); n != 5 || core.Tip().Point != points[0] {
			t.Errorf("%d blocks above the anchor, tip %v", n, core.Tip())
		}
	}
}
