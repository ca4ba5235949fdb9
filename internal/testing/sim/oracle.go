package sim

import (
	"fmt"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// Failure is what an oracle found first.
type Failure struct {
	Oracle string // one of [Oracles]
	Text   string
	At     time.Duration // virtual time
}

// Error gives the oracle and the virtual time.
func (f *Failure) Error() string {
	return fmt.Sprintf("oracle %q after %v: %s", f.Oracle, f.At, f.Text)
}

// Oracle is what one kind of check is for.
type Oracle struct{ Name, About string }

// Oracles returns what is watched.
func Oracles() []Oracle {
	return []Oracle{
		{"ledger", "an application's chain: no block twice, none that does not fit, whose body is not held or that does not verify; rollbacks to known points, at most k deep, and only for a better chain"},
		{"valid", "with a judge, no block is adopted before it was found valid, and none after an invalid one"},
		{"judge", "a judge is asked about one block at a time, along one chain, whose bodies are held; not about what it found invalid, and again when it said later"},
		{"best", "a chain that is better, also if only by the tie-break, is adopted if it is there, and else asked for"},
		{"stream", "what an honest server sends by chain-sync: first a rollback to the intersection, then headers and rollbacks that fit"},
		{"turn", "no new intersection is asked for while replies are outstanding"},
		{"blame", "an honest peer is never blamed, and one that lies is, by the core or a driver and with the right error"},
		{"patience", "a range is given up for silence, if another peer could do better, and else only for a refusal or because its blocks are of no use any more, or there; who has what is lacking is asked for it"},
		{"refusal", "of a peer that refused blocks nothing else is waited for, and it is left alone for a while"},
		{"flight", "no block is asked for that is there or is to come from the same peer; if it is to come from another, that one has had it for some time"},
		{"twice", "what is to come from two peers stays within its bound"},
		{"race", "a block for the tip that an honest peer on a good line announced is there soon"},
		{"held-up", "peers that send slowly do not hold a node up: it catches up in twice the time that it takes without them on the worst of its lines"},
		{"limits", "bytes, headers, ranges and old forks stay within their bounds, and the core counts them as they are"},
		{"serving", "nothing is announced or sent whose body is not held"},
		{"delay", "headers do not wait for blocks of the same connection"},
		{"retry", "chain-sync that was ended is tried again when it was to be"},
		{"redial", "who is to be followed is connected to again, after pauses that grow and start over"},
		{"deadline", "a core is woken when it asked for that"},
		{"restart", "what was saved can be resumed from"},
		{"progress", "all nodes have the best honest chain and all transactions in bounded time after the last fault"},
		{"leak", "nothing is left behind when all peers are gone"},
		{"txs", "the rules of the window hold; a transaction is delivered once, and only if it was submitted"},
		{"unbounded", "a run ends"},
	}
}

// watch is what the oracles know. It learns from what goes in and out, not
// from the state of drivers and cores, but for Stats.
type watch struct {
	w     *world
	steps uint64
}

// model is what the oracles know of a node.
type model struct {
	Ledger[blockID]

	came      []time.Duration // by block: when its body did
	fedAt     time.Duration   // when its application was given or took a block last
	busyAt    time.Duration   // when a wait for blocks or for its application ended last
	abandoned []bool          // by block: it was on the chain and is no more
	lost      lost            // the latest; of several, the longest
	flight    []flight        // by block
	spare     []flight        // empty ones, for others
	sound     []bool          // by block: a body came that verifies
	txs       []bool          // delivered or submitted, by number
	bench     bench
}

// flight is who is to send a block, with which range and since when, the latest last.
type flight []struct {
	from  *conn
	with  *ask
	since time.Duration
}

// lost is a chain that blocks came of from a good peer until then, see losing.
type lost struct {
	at    blockID
	since time.Duration
}

// view is what the oracles know of a server's stream.
type view struct {
	active bool
	first  bool // the rollback that starts a session is due
	at     blockID
	since  time.Duration
}

func (o *watch) model(n *node) *model { return &o.w.models[n.index] }

func (m *model) room(id blockID) {
	for len(m.flight) <= int(id) {
		m.flight = append(m.flight, make([]flight, 256)...)
		m.sound = append(m.sound, make([]bool, 256)...)
		m.came = append(m.came, make([]time.Duration, 256)...)
		m.abandoned = append(m.abandoned, make([]bool, 256)...)
	}
}

func (o *watch) started(n *node, bare bool, root int) {
	m := o.model(n)
	m.Begin(o.w.tree.line(n.saved), root)
	m.Bare, m.busyAt, m.fedAt = bare, o.w.now, o.w.now
	clear(m.flight)
	clear(m.abandoned)
	m.bench.start(m.line)
	for _, id := range m.line {
		m.room(id)
		m.sound[id] = true
	}
}

func (o *watch) before(n *node) {
	o.model(n).Step()
	if n.deadline > 0 && n.deadline < o.w.now {
		o.w.fail("deadline", "%v was to be woken at %v", n, n.deadline)
	}
}

func (o *watch) forward(n *node, id blockID, bytes int) {
	m, t := o.model(n), o.w.tree
	m.room(id)
	b := &t.blocks[id]
	o.ledger(n, m.Adopt(id, b.parent == m.Tip(), n.holds(id) && m.sound[id], bytes))
	if b.bad {
		o.w.fail("ledger", "%v: block %d adopted, which does not verify", n, id)
	}
	o.found(n, id)
}

// ledger takes what the ledger of n finds wrong.
func (o *watch) ledger(n *node, err error) {
	if err != nil {
		o.w.fail("ledger", "%v: %v", n, err)
	}
}

func (o *watch) backward(n *node, id blockID, known bool) {
	if !known {
		o.w.fail("ledger", "%v: rollback to a block that nobody made", n)
		return
	}
	m := o.model(n)
	lost, err := m.RollBack(id)
	for _, id := range lost {
		m.abandoned[id] = true
	}
	o.ledger(n, err)
}

func (o *watch) immutable(n *node, tip ledger.Tip) {
	id, ok := o.w.tree.at(tip.Point)
	if !ok {
		o.w.fail("ledger", "%v: a block is immutable that nobody made", n)
		return
	}
	o.ledger(n, o.model(n).Immutable(id))
}

func (o *watch) consumed(n *node, bytes int) {
	m := o.model(n)
	m.Owed -= bytes
	m.busyAt, m.fedAt = o.w.now, o.w.now
}

func (o *watch) forget(n *node, id blockID, known bool) {
	m := o.model(n)
	if !known || m.loose(id) && !n.resumedWith(id) {
		o.w.fail("ledger", "%v: block %d of its chain forgotten", n, id)
	}
	if !n.holds(id) {
		o.w.fail("leak", "%v: block %d forgotten, which is not held", n, id)
	}
	m.room(id)
	m.sound[id] = m.sound[id] && (m.Bare || m.stored(id))
	m.bench.forgotten(id, n.asked)
}

func (o *watch) after(n *node) {
	w, m := o.w, o.model(n)
	o.ledger(n, m.Done(w.tree.better))
	s, l := n.core.Stats(), &w.limits
	switch {
	case s.InFlight < s.Spare || s.Spare < 0 || s.Held < 0 || s.SideHeaders < 0 || s.Backlog < 0:
		w.fail("limits", "%v: negative: %+v", n, s)
	case s.InFlight-s.Spare+s.Held+s.Backlog > l.bytes+(l.k+1)*l.block():
		w.fail("limits", "%v: more than %d bytes: %+v", n, l.bytes, s)
	case s.SideHeaders > l.side+l.k:
		w.fail("limits", "%v: more than %d headers: %+v", n, l.side, s)
	case s.Invalid > l.k || s.Judging != min(int(n.asked), 1) && len(n.late) == 0:
		w.fail("limits", "%v: more than %d invalid blocks, or judging %d: %+v", n, l.k, n.asked, s)
	case s.OldForks > l.k:
		w.fail("limits", "%v: more than %d old blocks: %+v", n, l.k, s)
	case s.Backlog != m.Owed && len(n.late) == 0:
		w.fail("limits", "%v: backlog %d, want %d", n, s.Backlog, m.Owed)
	case s.Peers != len(n.conns) && len(n.late) == 0:
		w.fail("leak", "%v: core has %d peers, want %d", n, s.Peers, len(n.conns))
	}
	if o.steps++; o.steps%8 != 0 || len(n.late) > 0 {
		return // the rest costs more
	}
	headers := s.SideHeaders
	for _, c := range n.conns {
		headers += c.mayAsk
		if c.retryAt > 0 && c.retryAt < w.now {
			w.fail("retry", "%v was to look for an intersection with %v at %v", n, c.server, c.retryAt)
		}
		if st, _ := n.core.Peer(c.id); st.Ranges != len(c.asks) {
			w.fail("limits", "%v waits for %d ranges of peer %d, want %d", n, st.Ranges, c.id, len(c.asks))
		}
	}
	if headers > l.side+l.k {
		w.fail("limits", "%v: %d headers are there and asked for, more than %d", n, headers, l.side)
	}
	o.content(n)
	o.patient(n)
	o.raced(n)
}

// drained looks at what is left of a node without peers and backlog.
func (o *watch) drained(n *node) {
	s, m := n.core.Stats(), o.model(n)
	if s != (chain.Stats{OldForks: s.OldForks, Invalid: s.Invalid, Deferred: s.Deferred}) {
		o.w.fail("leak", "%v: left behind %+v", n, s)
	}
	extra := 0
	for id, held := range n.held {
		if held && !m.has(blockID(id)) {
			extra++
		}
	}
	if extra > s.OldForks {
		o.w.fail("leak", "%v: %d bodies left beside its chain, want %d", n, extra, s.OldForks)
	}
}
