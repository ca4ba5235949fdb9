package sim

import (
	"fmt"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// node is a participant: one with a core, or a scripted peer, which has none.
type node struct {
	w      *world
	index  int
	manner Manner
	core   *chain.Core

	chain     []blockID // served, by height
	conns     []*conn   // as client
	followers []*conn   // as server
	frozen    time.Duration
	alive     int // how many times it was started again

	held     []bool    // bodies, by block
	store    []blockID // of a follower that resumed from points: what its application has, by height
	late     []chain.Event
	stepping bool
	moved    bool // chain, since followers were served
	tickAt   time.Duration
	deadline time.Duration // of the core, 0 for none
	consumer time.Duration // what a block takes the application
	owed     []owed        // adopted and not consumed
	busy     bool          // the application
	saved    blockID       // the last block that the application has consumed
	caught   time.Duration // when it had as many blocks as there were at the start
	parted   bool          // oracle: from a peer that does not hinder, before that
	pool     pool

	asked blockID // the judge, about the block; 0 if it is asked about none
}

type owed struct {
	id    blockID
	bytes int
}

func (n *node) tip() blockID { return n.chain[len(n.chain)-1] }

// honest reports whether n is never to be blamed. One that fell silent may be, for
// blocks that it has no more and never rolled back.
func (n *node) honest() bool {
	return n.manner != Lying && n.manner != Withholding && n.manner != Silent && n.manner != Poisoning
}

// hinders reports whether n is one that others must do without.
func (n *node) hinders() bool { return n.manner == Dripping || n.manner == Hoarding }

func (n *node) has(id blockID) bool {
	h := n.w.tree.height(id)
	return h < len(n.chain) && n.chain[h] == id
}

func (n *node) hold(id blockID, yes bool) {
	for len(n.held) <= int(id) {
		n.held = append(n.held, make([]bool, 256)...)
	}
	n.held[id] = yes
}

func (n *node) holds(id blockID) bool {
	return id == 0 || int(id) < len(n.held) && n.held[id] || n.resumedWith(id)
}

// resumedWith reports whether n's application had the block when n resumed from
// points.
func (n *node) resumedWith(id blockID) bool {
	h := n.w.tree.height(id)
	return h < len(n.store) && n.store[h] == id
}

// tell has an event wait for its turn.
func (n *node) tell(ev chain.Event) {
	n.late = append(n.late, ev)
	n.run()
}

func (n *node) step(ev chain.Event) { n.tell(ev) }

// run takes what waits, one after the other; effects may add to it.
func (n *node) run() {
	if n.stepping || n.core == nil {
		return
	}
	n.stepping = true
	for len(n.late) > 0 && n.w.failure == nil {
		ev := n.late[0]
		n.late = n.late[:copy(n.late, n.late[1:])]
		n.w.watch.before(n)
		for _, e := range n.core.Step(n.w.now, ev) {
			n.w.count(e)
			n.do(e)
		}
		n.w.watch.after(n)
	}
	n.stepping = false
	if n.moved {
		n.moved = false
		n.serveAll()
	}
	n.arm()
}

// arm plans a tick for the core's deadline.
func (n *node) arm() {
	at, ok := n.core.Deadline()
	n.deadline = at
	if ok && (n.tickAt <= n.w.now || at < n.tickAt) {
		n.tickAt = at
		n.w.agenda.plan(at, tick).node = n
	}
}

func (n *node) conn(id chain.PeerID) *conn {
	for _, c := range n.conns {
		if c.id == id {
			return c
		}
	}
	return nil
}

// do does what the core wants.
func (n *node) do(e chain.Effect) {
	w := n.w
	switch e := e.(type) {
	case chain.FindIntersect:
		if c := n.conn(e.Peer); c != nil {
			w.watch.findWanted(c)
			c.retryAt = 0
			c.wantFind(w, e.Points)
		}
	case chain.RequestHeaders:
		if c := n.conn(e.Peer); c != nil {
			c.mayAsk += e.N
			c.granted += e.N
			w.watch.granted(c)
			c.pump(w)
		}
	case chain.StopChainSync:
		if c := n.conn(e.Peer); c != nil {
			w.watch.ruled(c, e.Err)
			w.watch.findWanted(c)
			w.watch.ended(c, e.Err)
			w.watch.astray(c, e.Err)
			c.finding, c.points, c.granted = true, nil, 0
			c.retryAt = w.now + e.Retry
		}
	case chain.Disconnect:
		if c := n.conn(e.Peer); c != nil {
			w.watch.ruled(c, e.Err)
			w.watch.blamed(c, e.Err)
			w.watch.absurd(c, e.Err)
			w.end(c)
		}
	case chain.Fetch:
		w.watch.fetchWanted(n, e)
		if c := n.conn(e.Peer); c != nil {
			c.wantRange(w, e)
		}
	case chain.CancelFetch:
		if c := n.conn(e.Peer); c != nil {
			c.cancel(w, e.Range)
		}
	case chain.Judge:
		n.judge(e)
	case chain.Adopt:
		id, _ := w.tree.idOf(e.Header.Hash)
		w.watch.forward(n, id, e.Bytes)
		n.extend(id)
		n.owed = append(n.owed, owed{id, e.Bytes})
		n.eat()
	case chain.RollBack:
		id, ok := w.tree.at(e.Tip.Point)
		w.watch.backward(n, id, ok)
		n.cut(id)
	case chain.Immutable:
		w.watch.immutable(n, e.Tip)
	case chain.Forget:
		id, ok := w.tree.at(e.Point)
		w.watch.forget(n, id, ok)
		if !w.watch.model(n).stored(id) {
			n.hold(id, false)
		}
	}
}

// extend and cut change the chain that n serves.
func (n *node) extend(id blockID) {
	n.chain = append(n.chain, id)
	n.moved = true
	if n.caught == 0 && len(n.chain) > n.w.plot.Blocks[n.w.plot.Start].Height {
		n.caught = n.w.now
	}
}

func (n *node) cut(id blockID) {
	n.chain = n.chain[:min(len(n.chain), n.w.tree.height(id)+1)]
	n.moved = true
	for _, c := range n.followers {
		c.rollBack(n)
	}
}

// eat lets the application take the next block, if it has time.
func (n *node) eat() {
	if !n.busy && len(n.owed) > 0 {
		n.busy = true
		n.w.agenda.plan(n.w.now+n.consumer, consume).node = n
	}
}

func (n *node) consumed() {
	n.busy = false
	if len(n.owed) == 0 { // it was started again
		return
	}
	o := n.owed[0]
	n.owed = n.owed[:copy(n.owed, n.owed[1:])]
	n.saved = o.id
	n.w.watch.consumed(n, o.bytes)
	n.step(chain.Consumed{Bytes: o.bytes})
	n.eat()
}

// String gives number, manner and height, for failures of oracles.
func (n *node) String() string {
	return fmt.Sprintf("node %d (%v) at height %d", n.index, n.manner, len(n.chain)-1)
}

func (n *node) announced() ledger.Tip { return n.w.tree.tip(n.tip()) }
