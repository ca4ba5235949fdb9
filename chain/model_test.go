package chain

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// world drives a core with peers that have chains of their own, and checks
// what comes out against the little it knows: it is a caller as doc.go wants
// one, with messages under way that may come late.
type world struct {
	t     testing.TB
	rnd   *rand.Rand
	core  *Core
	cfg   Config
	tree  *forest
	now   time.Duration
	peers []*remote
	ours  []ledger.Tip // adopted chain, from the first anchor
	fixed int          // of ours, immutable
	held  map[ledger.Point]bool
	owed  []int // bytes adopted and not consumed
	trace uint64
	size  int // of every block

	late    []Event // to be told after the present step
	resumed bool    // from points, with unknown blocks between them

	bench bench // the judge

	record func(input, effects []byte) // of each step, if not nil

	adopts, rollbacks, nextName int
}

type remote struct {
	id     PeerID
	chain  []string // its blocks
	have   int      // what was sent of it, -1 before an intersection
	credit int
	find   []ledger.Point
	rolled bool     // the rollback that starts a session was sent
	asks   []*Fetch // not answered
	sent   int      // blocks of asks[0]
	liar   bool     // refuses, stalls
}

func newWorld(t testing.TB, seed uint64, cfg Config) *world {
	w := &world{
		t: t, rnd: rand.New(rand.NewPCG(seed, 0)), cfg: cfg,
		tree: newForest(), held: map[ledger.Point]bool{}, ours: []ledger.Tip{{}}, size: 1000,
	}
	core, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.core, w.cfg = core, core.cfg
	return w
}

func (w *world) step(ev Event) {
	w.now += time.Duration(w.rnd.IntN(20)) * time.Millisecond
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %T", w.trace, ev)
	before := len(w.ours)
	effects := w.core.Step(w.now, ev)
	if w.record != nil {
		w.record(AppendEvent(nil, w.now, ev), AppendEffects(nil, effects))
	}
	for _, e := range effects {
		fmt.Fprint(h, w.tree.show(e))
		w.handle(e)
	}
	w.trace = h.Sum64()
	for len(w.late) > 0 {
		ev := w.late[0]
		w.late = w.late[1:]
		w.step(ev)
	}
	w.core.check(w.t)
	if len(w.ours) < before && !w.resumed {
		w.t.Fatalf("our chain got shorter: %d blocks, had %d", len(w.ours), before)
	}
	forks := 1 // that are not better than our chain yet and have many blocks there
	if w.resumed && w.cfg.Judge {
		forks = 2
	}
	if s := w.core.Stats(); s.InFlight-s.Spare+s.Held+s.Backlog > w.cfg.MaxBytes+forks*(w.cfg.K+1)*w.size {
		w.t.Fatalf("%+v is over %d bytes", s, w.cfg.MaxBytes)
	}
}

func (w *world) remote(id PeerID) *remote {
	for _, r := range w.peers {
		if r.id == id {
			return r
		}
	}
	return nil
}

func (w *world) handle(e Effect) {
	switch e := e.(type) {
	case FindIntersect:
		r := w.remote(e.Peer)
		r.find, r.credit, r.have, r.rolled = e.Points, 0, -1, false
	case RequestHeaders:
		w.remote(e.Peer).credit += e.N
	case StopChainSync:
		r := w.remote(e.Peer)
		r.find, r.have = nil, -1
	case Disconnect:
		if r := w.remote(e.Peer); !r.liar {
			w.t.Fatalf("honest peer disconnected: %s", w.tree.plain(e.Err))
		}
		w.lose(e.Peer)
	case Fetch:
		sum := 0
		for i, h := range e.Headers {
			sum += h.BlockSize()
			if i > 0 && h.Prev != e.Headers[i-1].Hash {
				w.t.Fatal("a range is not a chain")
			}
		}
		if sum != e.Bytes || len(e.Headers) == 0 || len(e.Headers) > w.cfg.MaxRangeBlocks {
			w.t.Fatalf("range of %d blocks and %d bytes, not %d", len(e.Headers), e.Bytes, sum)
		}
		r := w.remote(e.Peer)
		r.asks = append(r.asks, &e)
	case CancelFetch:
		r := w.remote(e.Peer)
		for i, ask := range r.asks {
			if ask.Range == e.Range && i > 0 && w.rnd.IntN(2) == 0 { // not sent yet
				r.asks = append(r.asks[:i:i], r.asks[i+1:]...)
				w.late = append(w.late, FetchFailed(e))
				break
			}
		}
	case Judge:
		w.bench.asked(w, e)
	case Adopt:
		w.bench.adopted(w, e.Header.Point())
		last := w.ours[len(w.ours)-1]
		if !e.Header.PrevIs(last.Point) {
			w.t.Fatalf("adopted %v after %v", e.Header.Tip(), last)
		}
		if !w.held[e.Header.Point()] {
			w.t.Fatalf("adopted %v, whose body is not held", e.Header.Tip())
		}
		w.ours = append(w.ours, e.Header.Tip())
		w.owed = append(w.owed, e.Bytes)
		w.adopts++
	case RollBack:
		i := len(w.ours) - 1
		for w.ours[i].Point != e.Tip.Point {
			i--
		}
		if n := len(w.ours) - 1 - i; n > w.cfg.K || i < w.fixed {
			w.t.Fatalf("rolled back %d blocks to %d, immutable are %d", n, i, w.fixed)
		}
		w.ours = w.ours[:i+1]
		w.rollbacks++
	case Immutable:
		i := max(0, len(w.ours)-1-w.cfg.K)
		if w.ours[i].Point != e.Tip.Point || i < w.fixed {
			w.t.Fatalf("%v immutable, want %v", e.Tip, w.ours[i])
		}
		w.fixed = i
	case Forget:
		if !w.held[e.Point] {
			w.t.Fatalf("forgot %v, which is not held", e.Point)
		}
		delete(w.held, e.Point)
	}
}

func (w *world) connect(chain []string, liar bool) {
	r := &remote{id: PeerID(w.rnd.Uint64()), chain: chain, have: -1, liar: liar}
	w.peers = append(w.peers, r)
	w.step(PeerConnected{r.id, w.rnd.IntN(5) * 4000, 0})
}

func (w *world) lose(id PeerID) {
	for i, r := range w.peers {
		if r.id == id {
			w.peers = append(w.peers[:i:i], w.peers[i+1:]...)
			return
		}
	}
}

// grow returns chain without its last cut blocks and with n new ones.
func (w *world) grow(chain []string, cut, n int) []string {
	chain = append([]string(nil), chain[:len(chain)-min(cut, len(chain))]...)
	for range n {
		parent := "o"
		if len(chain) > 0 {
			parent = chain[len(chain)-1]
		}
		w.nextName++
		name := fmt.Sprint("b", w.nextName)
		h := w.tree.grow(parent, name)
		h.Slot += ledger.Slot(w.rnd.IntN(5))
		w.tree.put(name, h)
		chain = append(chain, name)
	}
	return chain
}

func (w *world) tip(r *remote) ledger.Tip {
	if len(r.chain) == 0 {
		return ledger.Tip{}
	}
	h := w.tree.headers[r.chain[len(r.chain)-1]]
	return h.Tip()
}

func (r *remote) index(f *forest, p ledger.Point) int {
	if p.IsOrigin() {
		return 0
	}
	for i, name := range r.chain {
		if name == f.names[p.Hash] {
			return i + 1
		}
	}
	return -1
}

// switchChain gives a peer another chain; it rolls back what it has sent.
func (w *world) switchChain(r *remote, chain []string) {
	common := 0
	for common < min(len(chain), len(r.chain)) && chain[common] == r.chain[common] {
		common++
	}
	r.chain = chain
	if r.have > common {
		r.have = common
		p, _ := w.tree.point("o")
		if common > 0 {
			p, _ = w.tree.point(chain[common-1])
		}
		if r.rolled {
			w.step(RolledBack{r.id, p, w.tip(r)})
		}
	}
}

// act lets a peer do the next thing; false if it has nothing to do.
func (w *world) act(r *remote, fetch bool) bool {
	switch {
	case fetch && len(r.asks) > 0:
		ask := r.asks[0]
		if r.sent == 0 && (r.liar && w.rnd.IntN(4) == 0 || r.index(w.tree, ask.Headers[len(ask.Headers)-1].Point()) < 0) {
			r.asks = r.asks[1:]
			w.step(NoBlocks{r.id, ask.Range})
		} else if r.sent < len(ask.Headers) {
			p := ask.Headers[r.sent].Point()
			r.sent++
			w.held[p] = true
			w.step(BlockFetched{r.id, ask.Range, p, w.size})
		} else {
			r.asks, r.sent = r.asks[1:], 0
			w.step(RangeDone{r.id, ask.Range})
		}
	case r.find != nil:
		ps := r.find
		r.find = nil
		for _, p := range ps {
			if i := r.index(w.tree, p); i >= 0 {
				r.have = i
				w.step(Intersected{r.id, p, w.tip(r)})
				return true
			}
		}
		w.step(NoIntersection{r.id, w.tip(r)})
	case r.have >= 0 && !r.rolled:
		r.rolled = true
		p, _ := w.tree.point("o")
		if r.have > 0 {
			p, _ = w.tree.point(r.chain[r.have-1])
		}
		w.step(RolledBack{r.id, p, w.tip(r)})
	case r.have >= 0 && r.have < len(r.chain) && r.credit > 0:
		n := min(1+w.rnd.IntN(10), r.credit, len(r.chain)-r.have)
		ev := Headers{Peer: r.id, Tip: w.tip(r)}
		for _, name := range r.chain[r.have : r.have+n] {
			ev.Headers = append(ev.Headers, w.tree.headers[name])
		}
		r.have += n
		r.credit -= n
		w.step(ev)
	default:
		return false
	}
	return true
}

// playOut lets everything happen that can, the clock included.
func (w *world) playOut() {
	for range 200_000 {
		busy := false
		for _, r := range append([]*remote(nil), w.peers...) {
			if w.remote(r.id) != nil {
				busy = w.act(r, true) || busy
			}
		}
		if len(w.owed) > 0 {
			n := w.owed[0]
			w.owed = w.owed[1:]
			w.step(Consumed{n})
			busy = true
		}
		busy = w.bench.answer(w) || busy
		if busy {
			continue
		}
		if at, ok := w.core.Deadline(); ok && w.core.planner.path.Len() > 0 {
			w.now = max(w.now, at)
			w.step(Tick{})
			continue
		}
		return
	}
	w.t.Fatal("does not come to rest")
}

// run plays a random story: peers come and go, their chains grow and fork. It
// returns what sums up all effects.
func (w *world) run(steps int) uint64 {
	main := w.grow(nil, 0, 20)
	for range steps {
		switch x := w.rnd.IntN(100); {
		case x < 3 && len(w.peers) < 6:
			chain := main[:len(main)-w.rnd.IntN(min(5, len(main)))]
			if w.rnd.IntN(3) == 0 {
				chain = w.grow(main, w.rnd.IntN(2*w.cfg.K), w.rnd.IntN(3*w.cfg.K))
			}
			w.connect(chain, w.rnd.IntN(3) == 0)
		case x < 4 && len(w.peers) > 0:
			r := w.peers[w.rnd.IntN(len(w.peers))]
			w.lose(r.id)
			w.step(PeerGone{r.id})
			for _, ask := range r.asks { // what was on its way
				w.step(NoBlocks{r.id, ask.Range})
			}
			w.step(RolledBack{r.id, ledger.Origin, w.tip(r)})
		case x < 8:
			main = w.grow(main, w.rnd.IntN(w.cfg.K)*w.rnd.IntN(2), 1+w.rnd.IntN(4))
		case x < 12 && len(w.peers) > 0:
			w.switchChain(w.peers[w.rnd.IntN(len(w.peers))], main)
		case x < 20 && len(w.owed) > 0:
			w.step(Consumed{w.owed[0]})
			w.owed = w.owed[1:]
		case x < 26 && w.cfg.Judge:
			w.bench.answer(w)
		case x < 32 && w.cfg.Judge && len(w.peers) > 0:
			w.spoil(main)
		case x < 21 || w.cfg.Judge && x < 33:
			w.now += time.Duration(w.rnd.IntN(15)) * time.Second
			w.step(Tick{})
		case len(w.peers) > 0:
			w.act(w.peers[w.rnd.IntN(len(w.peers))], w.rnd.IntN(2) == 0)
		}
	}
	return w.trace
}
