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
	limits  limits
	agenda  agenda
	now     time.Duration
	tree    *tree
	nodes   []*node // those with cores first
	watch   watch
	models  []model
	failure *Failure
	result  Result

	// Each kind of chance has a source of its own, so that less of one leaves
	// the others as they are.
	link, script, peers, bugs *rand.Rand

	lastPeer  chain.PeerID
	batch     []ledger.Header // scratch
	submitted int             // transactions
	draining  bool

	main   blockID     // end of the best chain
	height int         // of the highest block there is
	slot   ledger.Slot // of the latest
	quiet  time.Duration
}

func anyOf(ours, cand *ledger.Header) bool { return ours.Hash != cand.Hash }

func newWorld(sc Scenario, seed uint64) *world {
	source := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) }
	if sc.Drawn && len(sc.Kinds) > 0 {
		sc = sc.drawn(source(8))
	}
	sc.Nodes, sc.Peers = max(sc.Nodes, 1), max(sc.Peers, 1)
	w := &world{sc: sc, link: source(1), script: source(2), peers: source(3), bugs: source(4)}
	w.limits = drawLimits(source(5), &sc)
	w.tree = newTree(seed)
	w.watch.w = w
	w.models = make([]model, sc.Nodes+sc.Peers)
	for i := range w.models {
		n := &node{w: w, index: i, chain: []blockID{0}}
		n.pool.has, n.pool.asked = make([]bool, sc.Txs+100), make([]bool, sc.Txs+100)
		w.models[i].txs = make([]bool, sc.Txs+100)
		n.consumer = time.Duration(w.link.IntN(30)) * time.Millisecond
		if i >= sc.Nodes {
			n.manner = Honest
			if i > sc.Nodes && len(sc.Manners) > 0 {
				n.manner = sc.Manners[(i-sc.Nodes-1)%len(sc.Manners)]
			}
		}
		w.nodes = append(w.nodes, n)
	}
	w.plot()
	w.join(source(6))
	w.planFaults(source(7))
	return w
}

// plot makes what is there at the start and plans what users and producers do.
func (w *world) plot() {
	sc := &w.sc
	w.extend(sc.Blocks - sc.Blocks/2)
	for _, n := range w.nodes[sc.Nodes:] {
		n.chain = w.tree.line(w.main)
	}
	at := 5 * time.Second
	for range sc.Blocks / 2 {
		at += time.Duration(500+w.script.IntN(6000)) * time.Millisecond
		w.agenda.plan(at, produce)
	}
	at += 5 * time.Second
	w.agenda.plan(at, produce).flag = true
	for range sc.Txs {
		e := w.agenda.plan(time.Duration(w.script.Int64N(int64(at))), submit)
		e.node = w.nodes[w.script.IntN(sc.Nodes)]
	}
	w.quiet = at
}

// join has every node follow the honest peer or a node before it, and others.
func (w *world) join(r *rand.Rand) {
	follow := func(n, up *node) {
		for _, x := range n.ups {
			if x == up {
				return
			}
		}
		n.ups = append(n.ups, up)
		w.redial(n, up, time.Duration(r.IntN(2000))*time.Millisecond)
	}
	nodes := w.nodes[:w.sc.Nodes]
	for i, n := range nodes {
		n.start(false)
		if i == 0 || r.IntN(2) == 0 {
			follow(n, w.nodes[w.sc.Nodes])
		} else {
			follow(n, nodes[r.IntN(i)])
		}
		for range 1 + r.IntN(2) {
			if up := nodes[r.IntN(len(nodes))]; up != n {
				follow(n, up)
			}
		}
	}
	for _, p := range w.nodes[w.sc.Nodes:] {
		for range 1 + r.IntN(2) {
			follow(nodes[r.IntN(len(nodes))], p)
		}
	}
}

// extend adds n blocks to the best chain.
func (w *world) extend(n int) {
	for range n {
		w.main = w.grow(w.main)
	}
}

func (w *world) grow(parent blockID) blockID {
	id := w.tree.grow(parent, 1+w.script.IntN(8), 200+w.script.IntN(1800))
	w.slot = max(w.slot, w.tree.blocks[id].h.Slot)
	w.height = max(w.height, w.tree.height(id))
	return id
}

// room returns how many blocks of the best chain a new branch may leave behind:
// no block that anybody has may come to be k or more above where its chain
// meets the best one, or a node that has it is right to stay there.
func (w *world) room() int {
	top := w.tree.height(w.main)
	return min(w.limits.k-2-(w.height-top), top)
}

// produce makes a block; at times a branch that becomes the best chain, or one
// that does not. The last block of all is later than any other: followers that
// know no more than points go by slots.
func (w *world) produce(last bool) {
	old := w.main
	room := w.room()
	switch {
	case last:
		room = 0
		gap := int(w.slot-w.tree.blocks[old].h.Slot) + 1
		w.main = w.tree.grow(old, gap, 1000)
	case room > 0 && w.script.IntN(100) < w.sc.Reorgs:
		d := 1 + w.script.IntN(room)
		w.main = w.tree.back(w.main, d)
		w.extend(d + 1)
	default:
		w.extend(1)
	}
	for i, n := range w.nodes[w.sc.Nodes:] {
		lag := time.Duration(w.script.IntN(3000)) * time.Millisecond
		if i > 0 && (n.manner == Forking || w.script.IntN(300) < w.sc.Reorgs) && room > 1 {
			d := 1 + w.script.IntN(room-1)
			side := w.tree.back(old, min(d, w.tree.height(old)))
			for range 1 + w.script.IntN(d+1) {
				side = w.grow(side)
			}
			w.planMove(n, side, lag)
			lag += time.Duration(2000+w.script.IntN(6000)) * time.Millisecond
		}
		w.planMove(n, w.main, lag)
	}
}

// planMove has a scripted peer move to a chain.
func (w *world) planMove(n *node, to blockID, after time.Duration) {
	e := w.agenda.plan(w.now+after, adoptMain)
	e.node, e.a = n, int32(to)
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
