package chain

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// connect returns a core with a peer that found the last of its points and
// announces the end of hs.
func connect(t *testing.T, cfg Config, at ledger.Point, tip ledger.Tip) (*Core, []Effect) {
	t.Helper()
	core, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	core.Step(0, PeerConnected{Peer: 1})
	return core, core.Step(0, Intersected{Peer: 1, Point: at, Tip: tip})
}

func granted(effects []Effect) (n int) {
	for _, e := range effects {
		if r, ok := e.(RequestHeaders); ok {
			n += r.N
		}
	}
	return n
}

// A follower that starts from a bare point does not know its block number: the
// lead of a candidate is then counted in blocks, not by numbers.
func TestGrantsFromBarePoint(t *testing.T) {
	hs := line(10_000)
	tip := hs[len(hs)-1].Tip()
	core, effects := connect(t, Config{K: 5, Points: []ledger.Point{hs[8000].Point()}}, hs[8000].Point(), tip)
	if n := granted(effects); n != grantWindow {
		t.Fatalf("%d headers granted, want %d", n, grantWindow)
	}
	if n := granted(core.Step(0, Headers{1, hs[8001:8251], tip})); n != 250 {
		t.Errorf("%d headers granted again, want 250", n)
	}
}

// Headers beyond those granted do not make the credit negative: it is of
// grants to come.
func TestMoreHeadersThanGranted(t *testing.T) {
	hs := line(1000)
	core, effects := connect(t, Config{K: 5, MaxLead: 20}, ledger.Origin, hs[0].Tip())
	n := granted(effects)
	effects = core.Step(0, Headers{1, hs[:n+5], hs[n+4].Tip()})
	st, ok := core.Peer(1)
	if !ok || st.Credit != granted(effects) || st.Credit < 0 || core.credits.granted != st.Credit {
		t.Errorf("after %d of %d headers: %+v, granted %d", n+5, n, st, granted(effects))
	}
}

// A peer that is not connected, not yet or any more, has no status.
func TestUnknownPeer(t *testing.T) {
	core, _ := connect(t, Config{K: 5}, ledger.Origin, ledger.Tip{})
	if st, ok := core.Peer(1); !ok || !st.Following {
		t.Errorf("a peer that is followed: %+v, %t", st, ok)
	}
	core.Step(0, PeerGone{1})
	for _, id := range []PeerID{1, 2} {
		if st, ok := core.Peer(id); ok || st != (PeerStatus{}) {
			t.Errorf("peer %d: %+v, %t", id, st, ok)
		}
	}
}

// Best is the end of the candidate that blocks are fetched for, else our tip.
func TestBest(t *testing.T) {
	hs := line(4)
	core, _ := connect(t, Config{K: 5, Adopted: hs[:2]}, hs[1].Point(), hs[3].Tip())
	if got := core.Best(); got != hs[1].Tip() || got != core.Tip() {
		t.Errorf("without a candidate: %v", got)
	}
	core.Step(0, Headers{1, hs[2:], hs[3].Tip()})
	if got := core.Best(); got != hs[3].Tip() {
		t.Errorf("with one: %v", got)
	}
}

// The time to the first block of a range tells the latency of a peer, if nothing
// was in flight before it.
func TestLatencyOfIdlePeer(t *testing.T) {
	hs := line(4)
	core, _ := connect(t, Config{K: 5, MaxRangeBlocks: 1}, ledger.Origin, hs[3].Tip())
	var ranges []RangeID
	for _, e := range core.Step(time.Hour, Headers{1, hs, hs[3].Tip()}) {
		if f, ok := e.(Fetch); ok {
			ranges = append(ranges, f.Range)
		}
	}
	if len(ranges) < 2 {
		t.Fatalf("ranges %v", ranges)
	}
	p := core.byID[1]
	core.Step(time.Hour+time.Second, BlockFetched{1, ranges[0], hs[0].Point(), 1000})
	if p.rate.rtt != time.Second {
		t.Errorf("latency %v, want 1s", p.rate.rtt)
	}
	core.Step(time.Hour+time.Second, RangeDone{1, ranges[0]})
	core.Step(time.Hour+time.Minute, BlockFetched{1, ranges[1], hs[1].Point(), 1000})
	if p.rate.rtt != time.Second {
		t.Errorf("latency %v of a range behind another", p.rate.rtt)
	}
}

// A peer is faster if it will sooner deliver a range after what it owes; within
// 5 % the salt decides.
func TestFaster(t *testing.T) {
	known := func(rtt time.Duration, perS int64, flying int, salt uint64) *peer {
		return &peer{rate: rate{rtt: rtt, perS: perS}, flying: flying, salt: salt}
	}
	faster := func(p, q *peer) bool {
		x := pick{p: q}
		x.offer(p, minWindow/2)
		return x.p == p
	}
	const ms = time.Millisecond
	for _, test := range []struct {
		name string
		p, q *peer // p is faster
	}{
		{"latency", known(10*ms, 1<<40, 0, 2), known(11*ms, 1<<40, 0, 1)},
		{"bandwidth", known(10*ms, 10_000_000, 0, 2), known(10*ms, 1_000_000, 0, 1)},
		{"what it owes", known(10*ms, 1_000_000, 0, 2), known(10*ms, 1_000_000, 1_000_000, 1)},
		{"nearly equal", known(100*ms, 1<<40, 0, 1), known(96*ms, 1<<40, 0, 2)},
		{"equal", known(100*ms, 1<<40, 0, 1), known(100*ms, 1<<40, 0, 2)},
		{"unknown, slower than 100 ms and 500 kB/s", known(99*ms, 600_000, 0, 2), known(0, 0, 0, 1)},
		{"unknown, faster than 100 ms and 500 kB/s", known(0, 0, 0, 2), known(101*ms, 400_000, 0, 1)},
	} {
		if !faster(test.p, test.q) || faster(test.q, test.p) {
			t.Errorf("%s: %t and %t", test.name, faster(test.p, test.q), faster(test.q, test.p))
		}
	}
}

// A peer has the blocks of path up to where its candidate leaves it, none if that is
// below path.
func TestReachOfCandidates(t *testing.T) {
	f := newForest()
	for _, s := range []string{"o-m1-m2-a1-a2-a3-a4", "a2-b3-b4-b5", "b3-c4", "m1-x2-x3", "m2-y1"} {
		if err := f.parse(s); err != nil {
			t.Fatal(err)
		}
	}
	core, err := New(Config{K: 10, Adopted: []ledger.Header{f.headers["m1"], f.headers["m2"]}})
	if err != nil {
		t.Fatal(err)
	}
	peers := []struct {
		headers string
		reach   string // "" for nothing
	}{
		{"m2 a1 a2 a3 a4", "a4"},
		{"m2 a1 a2", "a2"},
		{"m2 a1 a2 b3", "a2"},
		{"m2 y1", ""},
		{"m2", ""},
		{"m1 x2", ""},
		{"m1", ""},
		{"", ""}, // no intersection yet
		{"m2 a1 a2 b3 c4", "a2"},
	}
	for i, p := range peers {
		core.Step(0, PeerConnected{Peer: PeerID(i)})
		for j, name := range strings.Fields(p.headers) {
			h := f.headers[name]
			if j == 0 {
				core.Step(0, Intersected{Peer: PeerID(i), Point: h.Point()})
			} else {
				core.Step(0, Headers{Peer: PeerID(i), Headers: []ledger.Header{h}})
			}
		}
	}
	check := func(i int, want string) {
		t.Helper()
		got := ""
		for _, b := range core.planner.path.Items() {
			if b.height == core.planner.reach(core.byID[PeerID(i)]) {
				got = f.name(b.point)
			}
		}
		if got != want {
			t.Errorf("peer %d, %q: up to %q, want %q", i, peers[i].headers, got, want)
		}
	}
	for range 2 { // the second time, where candidates leave path is known
		for i, p := range peers {
			check(i, p.reach)
		}
	}
	forward := func(i PeerID, name string) {
		core.Step(0, Headers{Peer: i, Headers: []ledger.Header{f.headers[name]}})
	}
	back := func(i PeerID, name string) {
		h := f.headers[name]
		core.Step(0, RolledBack{Peer: i, Point: h.Point()})
	}
	core.byID[2].fork.at = core.planner.path.At(0) // what is known is not looked for again
	check(2, "a1")
	forward(2, "b4")
	check(2, "a1")
	forward(5, "x3")
	check(5, "")
	back(2, "a1")
	check(2, "a1")
	forward(2, "a2")
	forward(2, "b3")
	check(2, "a2")
	forward(2, "b4")
	forward(2, "b5") // path leads there now
	check(8, "b3")
	for i, want := range []string{"a2", "a2", "b5", "", ""} {
		check(i, want)
	}
	back(2, "b4")
	for i, want := range []string{"a4", "a2", "a2", "", ""} {
		check(i, want)
	}
	back(0, "a3") // and there again
	for i, want := range []string{"a2", "a2", "b4", "", ""} {
		check(i, want)
	}
}

// Only points of our chain are on it: not another block of a slot, nor a slot
// between, before or after blocks.
func TestOnChain(t *testing.T) {
	hs := line(6)
	core, err := New(Config{K: 10, Anchor: hs[1].Tip(), Adopted: hs[2:]})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hs[1:] {
		p := h.Point()
		if b := core.tree.onChain(p); b == nil || b.point != p {
			t.Errorf("%v is not", p)
		}
		p.Hash[9]++
		if core.tree.onChain(p) != nil {
			t.Errorf("%v is", p)
		}
		if core.tree.onChain(ledger.Point{Slot: h.Slot + 1, Hash: h.Hash}) != nil {
			t.Errorf("a slot after %v is", h.Point())
		}
	}
	if core.tree.onChain(hs[0].Point()) != nil {
		t.Error("what is before the anchor is")
	}
}

// A chain of which no header is known is not left for one of the same length.
func TestNoPreferenceWithoutHeader(t *testing.T) {
	core, err := New(Config{K: 5, Prefer: func(_, _ *ledger.Header) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	h := &ledger.Header{}
	anchor, a, b := &block{no: 7}, &block{no: 7, h: h}, &block{no: 7, h: h}
	if core.tree.better(a, anchor) || core.tree.better(anchor, a) || !core.tree.better(a, b) {
		t.Errorf("%t, %t, %t", core.tree.better(a, anchor), core.tree.better(anchor, a), core.tree.better(a, b))
	}
}

// Only blocks that were adopted can have been consumed.
func TestConsumedNothing(t *testing.T) {
	core, _ := connect(t, Config{K: 5}, ledger.Origin, ledger.Tip{})
	core.planner.backlog = 10
	for _, test := range []struct{ bytes, left int }{{0, 10}, {-5, 10}, {1, 9}, {20, 0}} {
		core.Step(0, Consumed{test.bytes})
		if got := core.Stats().Backlog; got != test.left {
			t.Errorf("%d bytes consumed: %d are left, want %d", test.bytes, got, test.left)
		}
	}
}

// branch returns n headers that follow hs[at-1] and are not those of hs, at 0 from the
// origin on.
func branch(hs []ledger.Header, at, n int, mark byte) []ledger.Header {
	fork := line(at + n)
	for i := range fork {
		switch {
		case i < at:
			fork[i] = hs[i]
		default:
			fork[i].Hash[31] = mark
			if i > 0 {
				fork[i].Prev = fork[i-1].Hash
			}
		}
	}
	return fork
}

// A peer on a shorter fork has the blocks of the best chain up to where the fork
// begins, also after the best chain has become another.
func TestReach(t *testing.T) {
	for _, test := range []struct{ at, want int }{{6, 6}, {1, 1}, {0, 0}} {
		best := line(12)
		fork := branch(best, test.at, 3, 1)
		r := newRace(t, Config{}, 2)
		r.announce(best, 0)
		r.announce(fork, 1)
		if got := r.planner.reach(r.planner.peers[1]); got != uint64(test.want) {
			t.Errorf("fork after %d blocks: reach %d", test.at, got)
		}
	}
	{
		best := line(12)
		fork := branch(best, 4, 5, 1)
		r := newRace(t, Config{}, 3)
		r.announce(best, 0)
		r.announce(fork, 1)
		r.planner.reach(r.planner.peers[1])
		old := r.planner.peers[1].fork
		r.announce(branch(fork, 6, 9, 2), 2) // the best now
		r.planner.peers[1].fork = old
		if got := r.planner.reach(r.planner.peers[1]); got != 6 {
			t.Errorf("after a switch: reach %d, want 6", got)
		}
	}
	best := line(12)
	fork := branch(best, 4, 5, 1) // 9
	r := newRace(t, Config{}, 3)
	r.announce(best, 0)
	r.announce(fork[:7], 1)
	r.planner.reach(r.planner.peers[1])
	old := r.planner.peers[1].fork
	r.announce(branch(fork, 7, 9, 2), 2) // the best now
	r.planner.peers[1].fork = old
	r.announce(fork[7:8], 1)
	r.planner.peers[1].fork = old
	if got := r.planner.reach(r.planner.peers[1]); got != 7 {
		t.Errorf("after a switch, one header later: reach %d, want 7", got)
	}
}

// The queue of old forks is cut when most of its entries are of no use, and those
// that are of use stay.
func TestKeptQueueIsCut(t *testing.T) {
	hs := line(3)
	r := newRace(t, Config{}, 2)
	r.announce(hs, 0)
	r.deliver(r.asks[0])
	r.asks = nil
	r.announce(branch(hs, 2, 2, 1), 1)
	r.deliver(r.asks[0])
	if r.tree.keptN != 1 {
		t.Fatalf("%d blocks kept", r.tree.keptN)
	}
	for range 200 {
		r.tree.kept.Push(keptBlock{b: r.tree.kept.At(0).b})
	}
	r.step(Tick{})
	if r.tree.kept.Len() != 1 || !r.tree.kept.At(0).live() {
		t.Errorf("%d entries, one is of use", r.tree.kept.Len())
	}
}

// A peer that has paused is not slow any more.
func TestPauseEnds(t *testing.T) {
	r := newRace(t, Config{}, 1)
	r.announce(line(1), 0)
	r.now = time.Second
	r.step(Tick{})
	p := r.planner.peers[0]
	p.lateTill = 0
	for _, test := range []struct {
		till time.Duration
		slow bool
	}{{0, false}, {time.Second, false}, {time.Second + 1, true}} {
		p.idleTill = test.till
		if got := r.rank(p) == slow; got != test.slow {
			t.Errorf("paused till %v, now %v: slow %t", test.till, r.now, got)
		}
	}
}

// Every effect is recorded as one item.
func TestEffectsAreItems(t *testing.T) {
	h := line(1)[0]
	for _, e := range []Effect{
		FindIntersect{1, []ledger.Point{h.Point()}}, RequestHeaders{1, 5}, StopChainSync{1, ErrNoIntersect, time.Second},
		Fetch{1, 2, []*ledger.Header{&h, &h}, 100}, CancelFetch{1, 2}, Adopt{&h, 100}, RollBack{h.Tip()}, Immutable{h.Tip()},
		Forget{h.Point()}, Disconnect{1, ErrCrowdedOut}, Disconnect{1, errors.New("another")},
		Disconnect{1, &LinkError{Header: h.Tip(), Parent: h.Tip(), Rule: "a rule"}},
		Disconnect{1, &IntersectionError{Point: h.Point()}}, Disconnect{1, &HeaderError{h.Point(), errors.New("bad")}},
		Disconnect{1, &UnavailableError{}}, Disconnect{1, &RangeError{}},
	} {
		b := AppendEffects(nil, []Effect{e})
		r := cbor.NewReader(b)
		if r.Raw(); r.Close() != nil {
			t.Errorf("%T: %x", e, b)
		}
	}
}

// The last header that fits is granted, and no other peer has to go for it.
func TestGrantsTheLast(t *testing.T) {
	hs := line(10)
	core, _ := connect(t, Config{K: 5}, ledger.Origin, hs[9].Tip())
	p := core.planner.peers[0]
	p.credit = 0
	for room := range 3 {
		core.credits.granted = 0
		core.credits.maxSide = core.tree.side + room
		if n, full := core.allowance(p); n != room || full != (room == 0) {
			t.Errorf("room for %d: %d granted, full %t", room, n, full)
		}
	}
}

// An average moves a quarter of the way to a sample.
func TestAverage(t *testing.T) {
	var r rate
	for i, want := range []time.Duration{100, 125, 119, 114} {
		if r.sawRTT([]time.Duration{100, 200, 101, 100}[i] * time.Millisecond); r.rtt.Round(time.Millisecond) != want*time.Millisecond {
			t.Errorf("after %d samples: %v, want %v ms", i+1, r.rtt, int64(want))
		}
	}
}

// The best candidate is the longest of a peer that is not late, and only if all are
// late the longest. Who has it as well makes it no worse.
func TestAimAtWhoIsInTime(t *testing.T) {
	common := line(2)
	long := branch(common, 2, 4, 1) // 6
	longer := branch(common, 2, 6, 2)
	for _, test := range []struct {
		late [3]bool
		want ledger.Tip
	}{
		{[3]bool{}, longer[7].Tip()},
		{[3]bool{false, false, true}, long[5].Tip()},
		{[3]bool{true, false, true}, long[5].Tip()},
		{[3]bool{false, true, true}, long[5].Tip()},
		{[3]bool{true, true, true}, longer[7].Tip()},
		{[3]bool{true, true, false}, longer[7].Tip()},
	} {
		r := newRace(t, Config{}, 3)
		for i, p := range r.planner.peers {
			if test.late[i] {
				p.lateTill = time.Hour
			}
		}
		r.announce(long, 0, 1)
		r.announce(longer, 2)
		r.step(Tick{})
		if got := r.Best(); got != test.want {
			t.Errorf("late %v: block %d is aimed at, want %d", test.late, got.BlockNo, test.want.BlockNo)
		}
	}
}

// The same when the peer that was aimed at goes.
func TestAimAfterLoss(t *testing.T) {
	common := line(2)
	long := branch(common, 2, 4, 1)
	r := newRace(t, Config{}, 4)
	r.planner.peers[0].lateTill, r.planner.peers[2].lateTill = time.Hour, time.Hour
	r.announce(branch(common, 2, 9, 3), 3)
	r.announce(long, 0, 1)
	r.announce(branch(common, 2, 6, 2), 2)
	r.step(PeerGone{3})
	if got, want := r.Best(), long[5].Tip(); got != want {
		t.Errorf("block %d is aimed at, want %d", got.BlockNo, want.BlockNo)
	}
}
