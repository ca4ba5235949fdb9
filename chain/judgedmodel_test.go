package chain

import (
	"slices"

	"github.com/ouronet/ouronet/ledger"
)

// bench is the judge of a world: it answers when it likes, and sees to it that it is
// led along one chain.
type bench struct {
	wrong   map[string]Verdict    // blocks that are not valid
	found   map[ledger.Point]bool // found valid
	applied []ledger.Point        // the chain that it stands on, from the first anchor
	start   []ledger.Point        // that chain, at the start
	pending *Judge                // asked and not answered

	invalid int // answers
}

func (x *bench) asked(w *world, e Judge) {
	p := e.Header.Point()
	if x.pending != nil {
		w.t.Fatalf("asked about %s before the answer about %s", w.tree.name(p), w.tree.name(x.pending.Header.Point()))
	}
	if !w.held[p] && !w.resumed {
		w.t.Fatalf("asked about %s, whose body is not held", w.tree.name(p))
	}
	if !e.Header.PrevIs(e.After.Point) || e.Again != x.found[p] && e.Again {
		w.t.Fatalf("asked about %s after %s, again %v", w.tree.name(p), w.tree.name(e.After.Point), e.Again)
	}
	ours := func() (ps []ledger.Point) {
		for _, tip := range w.ours {
			ps = append(ps, tip.Point)
		}
		return ps
	}
	if len(x.applied) == 0 {
		x.applied = ours()
		x.start = slices.Clone(x.applied)
	}
	if i := slices.Index(ours(), e.After.Point); i >= 0 && slices.Contains(x.start, e.After.Point) && !slices.Contains(x.applied, e.After.Point) {
		x.applied = ours()[:i+1] // of what is before, no more than points are known
	}
	for x.applied[len(x.applied)-1] != e.After.Point {
		if x.applied = x.applied[:len(x.applied)-1]; len(x.applied) == 0 {
			w.t.Fatalf("asked to go to %s, which is not on the way", w.tree.name(e.After.Point))
		}
	}
	if len(x.applied)-1 < w.fixed && !w.resumed {
		w.t.Fatalf("asked to go back to %s, below the anchor", w.tree.name(e.After.Point))
	}
	x.pending = &e
}

// answer reports whether there was something to answer.
func (x *bench) answer(w *world) bool {
	if x.pending == nil {
		return false
	}
	p := x.pending.Header.Point()
	x.pending = nil
	ev := Judged{Point: p, Verdict: Valid}
	if v, wrong := x.wrong[w.tree.names[p.Hash]]; wrong {
		ev.Verdict = v
	}
	if w.rnd.IntN(8) == 0 {
		ev.Verdict = Later
	}
	switch ev.Verdict {
	case Valid:
		if x.found == nil {
			x.found = map[ledger.Point]bool{}
		}
		x.found[p] = true
		x.applied = append(x.applied, p)
	case Invalid, Impossible:
		x.invalid++
	}
	w.step(ev)
	if w.rnd.IntN(4) == 0 && (x.pending == nil || x.pending.Header.Point() != p) { // an answer to nothing
		w.step(Judged{Point: p, Verdict: Verdict(w.rnd.IntN(4))})
	}
	return true
}

func (x *bench) adopted(w *world, p ledger.Point) {
	if w.cfg.Judge && !x.found[p] {
		w.t.Fatalf("adopted %s, which was not found valid", w.tree.name(p))
	}
}

// spoil gives a peer a chain that goes over a block which is not valid, longer than the
// one it leaves.
func (w *world) spoil(main []string) {
	if w.bench.wrong == nil {
		w.bench.wrong = map[string]Verdict{}
	}
	r := w.peers[w.rnd.IntN(len(w.peers))]
	chain := w.grow(main, w.rnd.IntN(w.cfg.K), 1+w.rnd.IntN(5))
	last := chain[len(chain)-1]
	if w.bench.wrong[last] = Invalid; w.rnd.IntN(3) == 0 {
		w.bench.wrong[last], r.liar = Impossible, true
	}
	w.switchChain(r, w.grow(chain, 0, w.rnd.IntN(2*w.cfg.K)))
}
