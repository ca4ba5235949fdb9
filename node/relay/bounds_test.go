package relay

import (
	"errors"
	"flag"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/disktest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/ledger/volatile"
	"github.com/ouronet/ouronet/node/follow"
)

var boundSteps = flag.Int("bound-steps", 10_000, "steps of TestBounds")

// play is a chain core and a store that does what it says, as the engine has it, with
// peers that do anything at all.
type play struct {
	t     *testing.T
	r     *rand.Rand
	k     int
	core  *chain.Core
	now   time.Duration
	store *store
	owner bodies // of store
	files *disktest.FS

	peers    []*player
	ours     player // our chain, as a peer that has it
	lastPeer chain.PeerID
	queue    []int // bytes of events that the loop has not had
	began    map[string]int
}

// player is a peer: its chain, and what it was asked.
type player struct {
	id      chain.PeerID
	gen     *chaintest.Generator
	blocks  []ledger.Block
	points  []ledger.Point
	granted int
	sent    int // blocks whose headers were sent; -1 before an intersection
	asks    []chain.Fetch
	next    int // of the first ask
}

func newPlay(t *testing.T, seed uint64, k, perFile int) *play {
	n := chaintest.Network()
	p := &play{t: t, r: rand.New(rand.NewPCG(seed, 4)), k: k, files: disktest.New(), began: make(map[string]int)}
	dir := t.TempDir()
	db, err := immutable.OpenAppend(filepath.Join(dir, "immutable"), immutable.Options{Network: n})
	if err != nil {
		t.Fatal(err)
	}
	p.store = newStore(db, 0)
	if _, err := p.store.openVault("/volatile", volatile.Options{Network: n, MaxBlocks: perFile, Disk: p.files}, nil); err != nil {
		t.Fatal(err)
	}
	p.owner = bodies{&Relay{db: db, store: p.store, txs: newTxQueue(0)}}
	p.store.most, p.store.vault.giveUpEvery = 10_000, 2*k
	t.Cleanup(func() {
		if err := errors.Join(p.store.vault.close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	if p.core, err = chain.New(chain.Config{K: k, MaxBytes: 60_000, MaxLead: 3 * k, MaxSideHeaders: 20 * k, Salt: seed}); err != nil {
		t.Fatal(err)
	}
	gen := chaintest.NewGenerator(chaintest.Config{Seed: seed, BlockSize: 900, Network: n})
	p.ours.gen = gen
	for range 5 {
		p.peers = append(p.peers, &player{gen: gen, sent: -1})
		if gen, err = gen.Fork(ledger.Origin); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range p.peers {
		p.connect(x)
	}
	return p
}

func (p *play) connect(x *player) {
	p.lastPeer++
	x.id, x.points, x.granted, x.sent, x.asks, x.next = p.lastPeer, nil, 0, -1, nil, 0
	p.step(chain.PeerConnected{Peer: x.id, MaxInFlight: 20_000})
}

// step does what the engine does with the effects.
func (p *play) step(ev chain.Event) {
	p.t.Helper()
	var after ledger.Tip
	var adopting []ledger.Point
	changed := false
	commit := func() {
		if !changed {
			return
		}
		for _, at := range adopting {
			if b, err := p.owner.Get(at); err != nil || b.Block.Header.Point() != at {
				p.t.Fatal(b.Block.Header.Point(), err)
			}
		}
		if err := p.owner.Adopt(after, adopting); err != nil {
			p.t.Fatal(err)
		}
		changed, adopting, after = false, nil, p.store.Tip()
	}
	after = p.store.Tip()
	for _, effect := range p.core.Step(p.now, ev) {
		switch e := effect.(type) {
		case chain.Adopt:
			changed, adopting = true, append(adopting, e.Header.Point())
			p.queue = append(p.queue, e.Bytes)
			p.adopted(e.Header)
		case chain.RollBack:
			commit()
			changed, after = true, e.Tip
			p.began["rolled back"]++
		case chain.Immutable:
			commit()
			p.owner.Immutable(e.Tip)
		case chain.Forget:
			commit()
			p.owner.Drop(e.Point)
			p.began["forgot"]++
		case chain.FindIntersect:
			p.to(e.Peer, func(x *player) { x.points, x.granted, x.sent = e.Points, 0, -1 })
		case chain.RequestHeaders:
			p.to(e.Peer, func(x *player) { x.granted += e.N })
		case chain.StopChainSync:
			p.to(e.Peer, func(x *player) { x.points, x.granted, x.sent = nil, 0, -1 })
		case chain.Fetch:
			p.to(e.Peer, func(x *player) { x.asks = append(x.asks, e) })
		case chain.Disconnect:
			p.t.Fatal(e.Err)
		}
	}
	commit()
}

// adopted keeps the chain of a peer that has a block.
func (p *play) adopted(h *ledger.Header) {
	for _, x := range p.peers {
		if n := int(h.BlockNo); n < len(x.blocks) && x.blocks[n].Header.Hash == h.Hash {
			p.ours = player{gen: x.gen, blocks: x.blocks[:n+1]}
			return
		}
	}
}

func (p *play) to(id chain.PeerID, do func(*player)) {
	for _, x := range p.peers {
		if x.id == id {
			do(x)
		}
	}
}

// act does one thing at random.
func (p *play) act() {
	p.now += time.Duration(p.r.IntN(int(20 * time.Millisecond)))
	x := p.peers[p.r.IntN(len(p.peers))]
	switch n := p.r.IntN(100); {
	case x.sent < 0 && x.points == nil && p.r.IntN(20) == 0: // chain-sync was ended
		x.blocks, x.gen = p.copyOf(&p.ours)
		p.step(chain.PeerGone{Peer: x.id})
		p.connect(x)
	case n < 2:
		for len(x.blocks) < len(p.best().blocks)+3 && p.r.IntN(3) > 0 {
			x.blocks = append(x.blocks, x.gen.Next())
		}
	case n < 5:
		p.change(x)
	case n < 28:
		p.headers(x)
	case n < 75:
		for range 1 + p.r.IntN(6) {
			p.deliver(x)
		}
	case n < 76 && p.r.IntN(10) == 0:
		p.step(chain.PeerGone{Peer: x.id})
		p.connect(x)
	case n < 80:
		p.now += time.Duration(p.r.Int64N(int64(3 * time.Second)))
		p.step(chain.Tick{})
	default:
		p.loop()
	}
}

// best returns a peer with a longest chain.
func (p *play) best() *player {
	best := p.peers[0]
	for _, x := range p.peers {
		if len(x.blocks) > len(best.blocks) {
			best = x
		}
	}
	return best
}

// copyOf returns the chain of a peer, and what goes on from it with other blocks.
func (p *play) copyOf(x *player) ([]ledger.Block, *chaintest.Generator) {
	at := ledger.Origin
	if n := len(x.blocks); n > 0 {
		at = x.blocks[n-1].Header.Point()
	}
	gen, err := x.gen.Fork(at)
	if err != nil {
		p.t.Fatal(err)
	}
	return slices.Clip(x.blocks), gen
}

// change has a peer leave its chain for a fork of it, or for another's.
func (p *play) change(x *player) {
	from, keep := x, max(0, len(x.blocks)-1-p.r.IntN(p.k/2))
	if p.r.IntN(2) == 0 {
		from = p.best()
		keep = max(0, len(from.blocks)-p.r.IntN(p.k/2))
	}
	at := ledger.Origin
	if keep > 0 {
		at = from.blocks[keep-1].Header.Point()
	}
	gen, err := from.gen.Fork(at)
	if err != nil {
		p.t.Fatal(err)
	}
	blocks := slices.Clip(from.blocks[:keep])
	same := 0
	for same < min(len(blocks), len(x.blocks), max(x.sent, 0)) && blocks[same].Header.Hash == x.blocks[same].Header.Hash {
		same++
	}
	x.gen, x.blocks = gen, blocks
	most := len(x.blocks) + p.r.IntN(4)
	if p.r.IntN(2) == 0 {
		most = len(p.best().blocks) + 1 // so that our chain is to switch
	}
	for len(x.blocks) < most {
		x.blocks = append(x.blocks, gen.Next())
	}
	if x.sent > same {
		to := ledger.Origin
		if same > 0 {
			to = x.blocks[same-1].Header.Point()
		}
		x.sent = same
		p.step(chain.RolledBack{Peer: x.id, Point: to})
	}
}

func (p *play) headers(x *player) {
	if x.points != nil {
		for _, at := range x.points {
			i := slices.IndexFunc(x.blocks, func(b ledger.Block) bool { return b.Header.Point() == at })
			if i >= 0 || at.IsOrigin() {
				x.points, x.sent = nil, i+1
				p.step(chain.Intersected{Peer: x.id, Point: at})
				return
			}
		}
		x.points = nil
		p.step(chain.NoIntersection{Peer: x.id})
		return
	}
	n := min(x.granted, len(x.blocks)-x.sent, 1+p.r.IntN(10))
	if x.sent < 0 || n <= 0 {
		return
	}
	var headers []ledger.Header
	for _, b := range x.blocks[x.sent : x.sent+n] {
		headers = append(headers, b.Header)
	}
	x.sent += n
	x.granted -= n
	p.step(chain.Headers{Peer: x.id, Headers: headers})
}

// deliver sends a block, or refuses a range.
func (p *play) deliver(x *player) {
	if len(x.asks) == 0 {
		return
	}
	ask := x.asks[0]
	end := func(ev chain.Event) {
		x.asks, x.next = x.asks[1:], 0
		p.step(ev)
	}
	if x.next == len(ask.Headers) {
		end(chain.RangeDone{Peer: x.id, Range: ask.Range})
		return
	}
	h := ask.Headers[x.next]
	i := slices.IndexFunc(x.blocks, func(b ledger.Block) bool { return b.Header.Hash == h.Hash })
	switch {
	case x.next == 0 && p.r.IntN(20) == 0, x.next == 0 && i < 0:
		p.began["refused"]++
		if p.r.IntN(3) > 0 || i < 0 {
			end(chain.FetchFailed{Peer: x.id, Range: ask.Range})
		} else {
			end(chain.NoBlocks{Peer: x.id, Range: ask.Range})
		}
		return
	case i < 0:
		end(chain.FetchFailed{Peer: x.id, Range: ask.Range})
		return
	}
	b := x.blocks[i]
	x.next++
	if h.Point() != p.core.Anchor().Point {
		p.owner.Hold(follow.Body{Block: b})
	}
	p.step(chain.BlockFetched{Peer: x.id, Range: ask.Range, Point: h.Point(), Bytes: len(b.Raw)})
}

// loop has the relay's loop take an event.
func (p *play) loop() {
	if len(p.queue) == 0 {
		return
	}
	if err := p.store.move(); err != nil {
		p.t.Fatal(err)
	}
	n := p.queue[0]
	if p.queue = p.queue[1:]; len(p.queue) == 0 {
		if err := p.store.vault.sync(); err != nil {
			p.t.Fatal(err)
		}
	}
	p.step(chain.Consumed{Bytes: n})
}

// However peers fork, switch and refuse, the store holds what the core needs and no more,
// in memory, on the disk, and in open files. With -bound-steps=100000 it takes a minute.
func TestBounds(t *testing.T) {
	const k, perFile = 12, 5
	p := newPlay(t, 1, k, perFile)
	var most struct{ entries, saved, files int }
	for step := range *boundSteps {
		p.act()
		s, st := p.store, p.core.Stats()
		count, bytes := map[state]int{}, map[state]int{}
		for _, e := range s.entries {
			count[e.state]++
			bytes[e.state] += int(e.size)
		}
		if count[abandoned] != st.OldForks || count[abandoned] > k || bytes[held] != st.Held || s.Tip() != p.core.Tip() {
			t.Fatalf("step %d: %d of old forks and %d bytes held, want %d and %d; tip %v, want %v",
				step, count[abandoned], bytes[held], st.OldForks, st.Held, s.Tip(), p.core.Tip())
		}
		behind := len(p.queue) // events that the loop has not had
		if n := len(s.chain); n != count[adopted] || n-s.final > k || s.final > behind {
			t.Fatalf("step %d: %d of the chain in memory, %d of them final, the loop is %d events behind", step, n, s.final, behind)
		}
		if s.bytes > s.most {
			t.Fatalf("step %d: %d bytes of adopted blocks in memory", step, s.bytes)
		}
		size := s.vault.db.Size()
		needed := count[adopted] + count[abandoned]
		extra := s.vault.giveUpEvery + len(s.vault.gone) + behind
		if size.Blocks < needed || size.Blocks > needed+extra || size.Files > 2*size.Blocks/perFile+5+(behind+perFile)/perFile {
			t.Fatalf("step %d: %d blocks in %d files on the disk, %d are needed, the loop is %d events behind", step, size.Blocks, size.Files, needed, behind)
		}
		if open, _ := p.files.OpenFiles(); open > 4 {
			t.Fatalf("step %d: %d files are open", step, open)
		}
		most.entries = max(most.entries, len(s.entries))
		most.saved, most.files = max(most.saved, size.Stored), max(most.files, size.Files)
	}
	t.Logf("%d steps to block %d, %v: k is %d; at most %d blocks in memory or known, %d on the disk in %d files",
		*boundSteps, p.core.Tip().BlockNo, p.began, k, most.entries, most.saved, most.files)
	for _, what := range []string{"rolled back", "forgot", "refused"} {
		if p.began[what] < *boundSteps/1000 {
			t.Errorf("%s %d times", what, p.began[what])
		}
	}
}
