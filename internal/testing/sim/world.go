package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// world is one run.
type world struct {
	sc      Scenario
	plot    *Plot
	limits  limits
	agenda  agenda
	now     time.Duration
	tree    *tree
	nodes   []*node // those with cores first
	ups     []*upstream
	watch   watch
	models  []model
	failure *Failure
	result  Result

	// Sources of chance: what the network does, what peers do, what judges do.
	link, peers, judges *rand.Rand

	lastPeer  chain.PeerID
	batch     []ledger.Header // scratch
	moves     int             // of plot.Moves, those made
	submitted int             // transactions
	draining  bool
	alone     bool // peers that hinder are not there
}

func newWorld(sc Scenario, seed uint64, alone bool) *world {
	source := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) }
	p := NewPlot(sc, seed)
	sc = p.Scenario
	w := &world{sc: sc, alone: alone, plot: p, limits: p.limits, link: source(1), peers: source(3), judges: source(10)}
	w.tree = newTree(p)
	w.watch.w = w
	w.models = make([]model, len(p.Manners))
	for i, manner := range p.Manners {
		n := &node{w: w, index: i, manner: manner, chain: []blockID{0}}
		n.pool.has = make([]bool, sc.Txs+100)
		m := &w.models[i]
		m.K, m.Where, m.txs = p.limits.k, w.tree.height, make([]bool, sc.Txs+100)
		n.consumer = time.Duration(w.link.IntN(30)) * time.Millisecond
		if manner != Node {
			n.chain = w.tree.line(blockID(p.Start))
		}
		w.nodes = append(w.nodes, n)
	}
	w.schedule()
	for _, n := range w.nodes[:sc.Nodes] {
		n.start(false)
	}
	return w
}

// schedule plans what the plot has. Of the moves, which are many, only the next
// is planned at any time.
func (w *world) schedule() {
	p := w.plot
	for _, f := range p.Follows {
		if !w.alone || !w.nodes[f.Peer].hinders() {
			w.follow(f)
		}
	}
	for _, s := range p.Submissions {
		w.agenda.plan(s.At, submit).node = w.nodes[s.Node]
	}
	for _, f := range p.Faults {
		e := w.agenda.plan(f.At, fault)
		e.node, e.a, e.b = w.nodes[f.Node], int32(f.Kind), int32(f.Chance)
	}
	w.planMove()
}

func (w *world) planMove() {
	if w.moves < len(w.plot.Moves) {
		m := w.plot.Moves[w.moves]
		w.moves++
		e := w.agenda.plan(m.At, move)
		e.node, e.a = w.nodes[m.Node], int32(m.Block)
	}
}

// move gives a scripted peer another chain.
func (n *node) move(to blockID) {
	common := to
	for !n.has(common) {
		common = n.w.tree.blocks[common].parent
	}
	if common != n.tip() {
		n.cut(common)
	}
	from, end := len(n.chain), n.w.tree.height(to)+1
	n.chain = slices.Grow(n.chain, end-from)[:end]
	for i := end - 1; i >= from; i-- {
		n.chain[i], to = to, n.w.tree.blocks[to].parent
	}
	n.serveAll()
}

func (w *world) lies(n *node) bool { return n.manner == Lying && w.peers.IntN(12) == 0 }

func (w *world) fail(oracle, format string, args ...any) {
	if w.failure == nil {
		w.failure = &Failure{oracle, fmt.Sprintf(format, args...), w.now}
	}
}
