package chain

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// forest makes headers that have names. Nothing in them but what the core
// looks at is real.
type forest struct {
	headers map[string]ledger.Header
	names   map[ledger.Hash]string
}

func newForest() *forest {
	return &forest{map[string]ledger.Header{}, map[ledger.Hash]string{}}
}

// grow adds the header called name after parent, "o" being the origin.
func (f *forest) grow(parent, name string) ledger.Header {
	h := ledger.Header{
		Raw:      ledger.RawHeader{Era: ledger.Conway, Bytes: make([]byte, 84)},
		Hash:     sha256.Sum256([]byte(name)),
		BodySize: 900,
	}
	h.Slot = 10
	if parent != "o" {
		p, ok := f.headers[parent]
		if !ok {
			panic("unknown block " + parent)
		}
		h.Prev, h.HasPrev = p.Hash, true
		h.BlockNo, h.Slot = p.BlockNo+1, p.Slot+10
	}
	f.put(name, h)
	return h
}

func (f *forest) put(name string, h ledger.Header) {
	f.headers[name] = h
	f.names[h.Hash] = name
}

// parse reads "a-b-c@55-E!": b and c follow a, c in slot 55, and E is a Byron
// boundary block.
func (f *forest) parse(s string) error {
	names := strings.Split(s, "-")
	for i, name := range names[1:] {
		name, slot, hasSlot := strings.Cut(name, "@")
		name, ebb := strings.CutSuffix(name, "!")
		parent, _, _ := strings.Cut(names[i], "@")
		parent = strings.TrimSuffix(parent, "!")
		h := f.grow(parent, name)
		if ebb {
			h.Raw.Era, h.Raw.EBB, h.BodySize = ledger.Byron, true, 0
			if h.BlockNo > 0 {
				h.BlockNo--
			}
		} else if p := f.headers[parent]; p.Raw.EBB {
			h.Raw.Era = ledger.Byron
		}
		if hasSlot {
			n, err := strconv.ParseUint(slot, 10, 64)
			if err != nil {
				return err
			}
			h.Slot = ledger.Slot(n)
		}
		f.put(name, h)
	}
	return nil
}

func (f *forest) get(name string) (ledger.Header, error) {
	h, ok := f.headers[name]
	if !ok {
		return h, fmt.Errorf("no block %q in a tree line", name)
	}
	return h, nil
}

func (f *forest) point(name string) (ledger.Point, error) {
	if name == "o" {
		return ledger.Origin, nil
	}
	h, err := f.get(name)
	return h.Point(), err
}

func (f *forest) name(p ledger.Point) string {
	if p.IsOrigin() {
		return "o"
	}
	if n, ok := f.names[p.Hash]; ok {
		return n
	}
	return p.String()
}

// show prints an effect with names in place of hashes.
func (f *forest) show(e Effect) string {
	names := func(hs []*ledger.Header) string {
		var b strings.Builder
		for _, h := range hs {
			b.WriteString(" " + f.name(h.Point()))
		}
		return b.String()
	}
	switch e := e.(type) {
	case FindIntersect:
		s := fmt.Sprintf("p%d find-intersect", e.Peer)
		for _, p := range e.Points {
			s += " " + f.name(p)
		}
		return s
	case RequestHeaders:
		return fmt.Sprintf("p%d request-headers %d", e.Peer, e.N)
	case StopChainSync:
		return fmt.Sprintf("p%d stop-chain-sync retry=%v: %v", e.Peer, e.Retry, e.Err)
	case Disconnect:
		return fmt.Sprintf("p%d disconnect: %s", e.Peer, f.plain(e.Err))
	case Fetch:
		return fmt.Sprintf("p%d fetch %d:%s", e.Peer, e.Range, names(e.Headers))
	case CancelFetch:
		return fmt.Sprintf("p%d cancel-fetch %d", e.Peer, e.Range)
	case Judge:
		s := "judge " + f.name(e.Header.Point()) + " after " + f.name(e.After.Point)
		if e.Again {
			s += ", again"
		}
		return s
	case Adopt:
		return "adopt " + f.name(e.Header.Point())
	case RollBack:
		return "roll-back " + f.name(e.Tip.Point)
	case Immutable:
		return "immutable " + f.name(e.Tip.Point)
	case Forget:
		return "forget " + f.name(e.Point)
	}
	return fmt.Sprintf("%T", e)
}

func (f *forest) plain(err error) string {
	s := err.Error()
	for h, name := range f.names {
		s = strings.ReplaceAll(s, h.String(), name)
	}
	return strings.ReplaceAll(s, ledger.Hash{}.String(), "none")
}

// check compares the core's counters and flags with a walk over all it holds.
func (c *Core) check(t testing.TB) {
	t.Helper()
	bad := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("invariant: "+format, args...)
	}
	// What choose is not asked again.
	if b := c.planner.noPeer.of; b != nil && c.planner.noPeer.path == c.planner.pathNo {
		if p := c.planner.choose(b); p != nil {
			bad("peer %d could be asked for %v, and none is said to be there", p.id, b.point)
		}
	}
	tips, claims, live := map[*block]int{}, map[*block]int{}, map[*block]int{}
	flying, credits, twice, again := 0, 0, 0, 0
	for _, p := range c.planner.peers {
		sum, pending := 0, 0
		if p.tip != nil {
			tips[p.tip]++
		}
		if (p.tip != nil) != (p.phase == following) {
			bad("peer %d in phase %d has tip %v", p.id, p.phase, p.tip)
		}
		for _, s := range p.spans {
			own, before := 0, sum
			for i, b := range s.blocks[s.next:] {
				claims[b]++
				sum += b.size
				pending++
				if !s.cancelled {
					live[b]++
				}
				if b.span == s {
					own++
				}
				if b.span == s && (s.cancelled || b.held) || !s.claims(b) || s.blocks[len(s.blocks)-1].height-b.height != uint64(len(s.blocks)-1-s.next-i) {
					bad("%v waited for with a range that is cancelled, or held, or out of its place", b.point)
				}
			}
			if own != s.own || s.peer != p || sum-before != s.bytes {
				bad("range %d has %d blocks of its own and %d bytes, counted %d and %d", s.id, own, sum-before, s.own, s.bytes)
			}
			if s.extra {
				twice += s.bytes
				again += len(s.blocks) - s.next
			}
		}
		if sum != p.flying {
			bad("peer %d has %d bytes in flight, counted %d", p.id, sum, p.flying)
		}
		if p.flying > p.limit && pending > 1 {
			bad("peer %d is asked for %d of %d bytes", p.id, p.flying, p.limit)
		}
		if len(p.spans) > c.cfg.MaxRanges {
			bad("peer %d has %d ranges", p.id, len(p.spans))
		}
		flying += p.flying
		credits += p.credit
	}
	side, kept, held := 0, 0, 0
	var walk func(b *block)
	walk = func(b *block) {
		if b.gone {
			bad("%v is gone and in the tree", b.point)
		}
		if b != c.tree.anchor {
			switch {
			case b.kept:
				kept++
			case !b.adopted:
				side++
				if b.held {
					held += b.bytes
				}
				if b.child == nil && b.tips == 0 && b.claims == 0 {
					bad("nobody needs %v", b.point)
				}
			}
		}
		if b.tips != tips[b] || b.claims != claims[b] || (b.span != nil) != (live[b] > 0 && !b.held) {
			bad("%v counts %d tips, %d claims, span %v; want %d, %d, %d live",
				b.point, b.tips, b.claims, b.span != nil, tips[b], claims[b], live[b])
		}
		if want := b.held && (b == c.tree.anchor || b.parent.ready); b.ready != want {
			bad("%v ready is %v", b.point, b.ready)
		}
		c.checkJudged(bad, b)
		for x := b.child; x != nil; x = x.next {
			if x.parent != b {
				bad("%v has a wrong parent", x.point)
			}
			walk(x)
		}
	}
	walk(c.tree.anchor)
	ghosts := map[ledger.Hash]int{}
	for b, n := range claims {
		if b.gone {
			ghosts[b.point.Hash] += n
		}
	}
	for hash, g := range c.planner.ghosts {
		if g.claims != ghosts[hash] || g.claims == 0 {
			bad("ghost of %v with %d claims, want %d", hash, g.claims, ghosts[hash])
		}
		if g.again != nil && (g.again.gone || g.again.point.Hash != hash) {
			bad("ghost of %v stands for %v, gone %v", hash, g.again.point, g.again.gone)
		}
	}
	if len(c.planner.ghosts) != len(ghosts) {
		bad("%d ghosts, want %d", len(c.planner.ghosts), len(ghosts))
	}
	lost := 0
	for b, n := range claims { // any order
		if b.gone {
			lost += n
			if g := c.planner.ghosts[b.point.Hash]; g == nil || g.again != nil && g.again.gone {
				bad("a range may bring %v, which is gone, and %+v is known of it", b.point, g)
			}
		}
	}
	for hash, g := range c.planner.ghosts { // any order
		if lost -= g.claims; g.again != nil && g.again.point.Hash != hash {
			bad("%v stands for %v", g.again.point, hash)
		}
	}
	if lost != 0 {
		bad("%d claims on blocks that are gone are not counted", lost)
	}
	if side != c.tree.side || kept != c.tree.keptN || held != c.tree.heldBytes || flying != c.planner.flying || credits != c.credits.granted {
		bad("counted side %d, kept %d, held %d, flying %d, credits %d; have %d, %d, %d, %d, %d",
			side, kept, held, flying, credits, c.tree.side, c.tree.keptN, c.tree.heldBytes, c.planner.flying, c.credits.granted)
	}
	spare := 0
	for b, n := range claims { // any order
		if !b.held {
			n--
		}
		spare += n * b.size
	}
	if spare != c.planner.spare {
		bad("%d bytes in flight are of no use, counted %d", spare, c.planner.spare)
	}
	if twice != c.planner.twice || twice > maxTwice && again > 1 {
		bad("%d bytes asked twice, counted %d", twice, c.planner.twice)
	}
	if c.tree.keptN > c.cfg.K || c.tree.adopted.Len() > c.cfg.K || c.tree.side+c.credits.granted > c.cfg.MaxSideHeaders+2*c.cfg.K {
		bad("bounds: kept %d, adopted %d, side %d, credits %d", c.tree.keptN, c.tree.adopted.Len(), c.tree.side, c.credits.granted)
	}
	if c.tree.anchor.parent != nil || c.tree.anchor.next != nil || c.tree.anchor.prev != nil {
		bad("what is below %v, or left our chain there, stays in memory", c.tree.anchor.point)
	}
	for _, scratch := range [][]*block{c.tree.removed, c.tree.route, c.planner.route} {
		for _, b := range scratch[:cap(scratch)] {
			if b != nil {
				bad("%v stays in memory, whatever becomes of it", b.point)
			}
		}
	}
	if c.aside {
		bad("every step looks for blocks beside path")
	}
	prev := c.tree.anchor
	for _, b := range c.tree.adopted.Items() {
		if b.parent != prev || !b.adopted || !b.held {
			bad("our chain breaks at %v", b.point)
		}
		prev = b
	}
	if prev != c.tree.tip {
		bad("tip %v is not the end %v of our chain", c.tree.tip.point, prev.point)
	}
	lacking := 0
	for i, b := range c.planner.path.Items() {
		if i == 0 && !b.parent.adopted || i > 0 && b.parent != prev || !b.onPath || b.gone || b.adopted || c.planner.index(b) != i {
			bad("path breaks at %d, %v", i, b.point)
		}
		if i < c.planner.readyN && !b.ready {
			bad("path is not ready at %d of %d", i, c.planner.readyN)
		}
		if i < c.planner.cursor && !b.held && b.span == nil {
			bad("the planner passed over %v", b.point)
		}
		if !b.held {
			lacking++
		}
		prev = b
	}
	if lacking != c.planner.lacking {
		bad("%d blocks of path are not held, counted %d", lacking, c.planner.lacking)
	}
}
