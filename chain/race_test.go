package chain

import (
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// race is a core with peers that all announced the same chain.
type race struct {
	*Core
	t    *testing.T
	now  time.Duration
	asks []Fetch

	adopted int
	most    int // bytes asked twice
}

func newRace(t *testing.T, cfg Config, peers int) *race {
	cfg.K = 10_000
	core, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := &race{Core: core, t: t}
	for id := range peers {
		r.step(PeerConnected{Peer: PeerID(id)})
		r.step(Intersected{Peer: PeerID(id)})
	}
	return r
}

func (r *race) step(ev Event) {
	r.t.Helper()
	for _, e := range r.Core.Step(r.now, ev) {
		switch e := e.(type) {
		case Fetch:
			r.asks = append(r.asks, e)
		case Adopt:
			r.adopted++
			defer r.step(Consumed{e.Bytes})
		case Disconnect:
			r.t.Errorf("disconnects %d: %v", e.Peer, e.Err)
		}
	}
	r.check(r.t)
	r.most = max(r.most, r.planner.twice)
}

func (r *race) announce(hs []ledger.Header, peers ...PeerID) {
	for _, id := range peers {
		r.step(Headers{id, hs, hs[len(hs)-1].Tip()})
	}
}

// deliver has the range asked for last sent whole, in no time.
func (r *race) deliver(a Fetch) {
	for _, h := range a.Headers {
		r.step(BlockFetched{a.Peer, a.Range, h.Point(), h.BlockSize()})
	}
	r.step(RangeDone{a.Peer, a.Range})
}

// wait lets time pass up to an end, as the core wants.
func (r *race) wait(d time.Duration) {
	for end := r.now + d; r.now < end; {
		at, ok := r.Deadline()
		if !ok {
			at = end
		}
		r.now = min(at, end)
		r.step(Tick{})
	}
}

// A peer is fast, has much in flight then and sends nothing more: of that, no
// more than a MiB is asked of another at a time.
func TestTwiceIsBounded(t *testing.T) {
	hs := line(1500)
	r := newRace(t, Config{FetchPeers: 1}, 2)
	r.announce(hs, 0)
	for r.planner.peers[0].flying < 8<<20 {
		a := r.asks[0]
		r.asks = r.asks[1:]
		r.now += 100 * time.Millisecond // a distance
		r.deliver(a)
	}
	r.asks, r.most = nil, 0
	r.announce(hs, 1)
	for range 100 {
		r.wait(100 * time.Millisecond)
		asks := r.asks
		r.asks = nil
		for _, a := range asks {
			r.deliver(a)
		}
	}
	if r.most < maxTwice*3/4 || r.adopted != len(hs) {
		t.Errorf("%d blocks adopted, %d bytes asked twice at the most", r.adopted, r.most)
	}
}

// Who did not have a block when another's came is asked after that one next time,
// however near it is.
func TestLateIsRemembered(t *testing.T) {
	hs := line(4)
	r := newRace(t, Config{}, 3)
	last := func() Fetch { return r.asks[len(r.asks)-1] }
	give := func(took time.Duration, from PeerID) {
		t.Helper()
		if last().Peer != from {
			t.Fatalf("peer %d asked, want %d", last().Peer, from)
		}
		r.wait(took)
		r.deliver(last())
	}
	r.announce(hs[:1], 0)
	give(20*time.Millisecond, 0)
	r.announce(hs[:1], 1, 2)
	r.announce(hs[1:2], 1)
	give(60*time.Millisecond, 1)
	r.announce(hs[1:2], 0, 2)

	r.announce(hs[2:3], 0, 1)
	held := last()
	r.wait(50 * time.Millisecond)
	give(60*time.Millisecond, 1)
	r.wait(5 * time.Millisecond)
	r.deliver(held)
	if held.Peer != 0 || r.adopted != 3 {
		t.Fatalf("peer %d asked, %d blocks adopted", held.Peer, r.adopted)
	}

	r.announce(hs[2:4], 2)
	r.announce(hs[3:4], 0, 1)
	r.step(PeerGone{2}) // it has the block to itself for a while
	if last().Peer != 1 {
		t.Errorf("peer %d asked first, want 1", last().Peer)
	}
}

// Several peers are used as long as much is missing, then one.
func TestFetchPeers(t *testing.T) {
	for _, test := range []struct{ set, blocks, want int }{
		{0, 400, 4}, {0, 40, 1}, {1, 400, 1}, {2, 400, 2}, {2, 40, 2}, {6, 400, 6},
	} {
		hs := line(400)[:test.blocks]
		for i := range hs {
			hs[i].BodySize = 80_000 // a window is full soon
		}
		r := newRace(t, Config{FetchPeers: test.set}, 8)
		r.announce(hs, 0, 1, 2, 3, 4, 5, 6, 7)
		asked := map[PeerID]bool{}
		for _, a := range r.asks {
			asked[a.Peer] = true
		}
		if len(asked) != test.want {
			t.Errorf("FetchPeers %d, %d blocks missing: %d peers asked, want %d", test.set, test.blocks, len(asked), test.want)
		}
	}
}

// A peer that sends a block now and then is late, however often that is: what
// counts is how much has come since it was asked.
func TestDripperIsLate(t *testing.T) {
	hs := line(9)
	r := newRace(t, Config{}, 1)
	r.announce(hs, 0)
	a := r.asks[0]
	for i, h := range a.Headers[:6] {
		r.wait(290 * time.Millisecond) // it was to take 140 ms for the first and 40 ms for each after that
		if late := r.planner.late(r.planner.peers[0]); i > 2 && !late {
			t.Errorf("not late after %d blocks in %v", i, r.now)
		}
		r.step(BlockFetched{0, a.Range, h.Point(), h.BlockSize()})
	}
}

// Near the tip a second peer is asked after twice the time that a block takes, but
// not before 50 ms nor after 500 ms. The core says when.
func TestRaceTimes(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct{ latency, want time.Duration }{
		{ms, 50 * ms}, {20 * ms, 50 * ms}, {30 * ms, 60 * ms}, {200 * ms, 400 * ms}, {300 * ms, 500 * ms}, {900 * ms, 500 * ms},
	} {
		r := newRace(t, Config{}, 2)
		for _, p := range r.planner.peers {
			p.rate = rate{rtt: test.latency, perS: maxPerS}
		}
		r.now = time.Hour
		r.announce(line(1), 0, 1)
		if len(r.asks) != 1 {
			t.Fatalf("asked at once: %v", r.asks)
		}
		for len(r.asks) == 1 && r.now < time.Hour+time.Minute {
			at, ok := r.Deadline()
			if !ok {
				t.Fatal("nothing to wait for")
			}
			r.now = at
			r.step(Tick{})
		}
		if got := r.now - time.Hour; got != test.want {
			t.Errorf("latency %v: a second peer asked after %v, want %v", test.latency, got, test.want)
		}
	}
}

// Blocks that are held do not count as missing: the last one before them is raced
// for as at the tip, however many they are.
func TestRaceForGap(t *testing.T) {
	hs := line(40)
	r := newRace(t, Config{FetchPeers: 2}, 2)
	r.announce(hs[:1], 0)
	r.announce(hs, 1)
	for i := 1; i < len(r.asks); i++ {
		if a := r.asks[i]; a.Peer == 1 && a.Headers[0].BlockNo > 0 {
			r.deliver(a) // more is asked for then
		}
	}
	for _, p := range r.planner.peers {
		p.rate = rate{rtt: 900 * time.Millisecond, perS: maxPerS}
	}
	r.asks = nil
	r.wait(499 * time.Millisecond)
	if len(r.asks) > 0 {
		t.Errorf("asked again before 500ms: %+v", r.asks)
	}
	r.wait(time.Millisecond)
	if len(r.asks) != 1 || r.asks[0].Peer != 1 {
		t.Fatalf("asked again after 500ms: %+v", r.asks)
	}
	r.deliver(r.asks[0])
	if r.adopted != len(hs) {
		t.Errorf("%d blocks adopted", r.adopted)
	}
}

// A silent peer that others outran has no more time for what it was asked for
// before, also when the others are late as well.
func TestLateHasNoMoreTime(t *testing.T) {
	const ms = time.Millisecond
	hs := line(100)
	for i := range hs {
		hs[i].BodySize = 80_000
	}
	r := newRace(t, Config{FetchPeers: 1}, 2)
	r.planner.peers[0].rate = rate{rtt: 100 * ms, perS: 1 << 30}
	r.announce(hs, 0)
	if r.planner.peers[0].flying < 4*maxTwice {
		t.Fatalf("only %d bytes asked for", r.planner.peers[0].flying)
	}
	r.planner.peers[1].rate, r.planner.peers[1].lateTill = r.planner.peers[0].rate, time.Hour
	r.announce(hs, 1)
	r.asks = nil
	for r.now < time.Second {
		r.wait(50 * ms)
		asks := r.asks
		r.asks = nil
		for _, a := range asks {
			r.deliver(a)
		}
	}
	// Late after twice 100 ms and 100 ms, and a MiB each 50 ms from then on.
	if r.adopted != len(hs) {
		t.Errorf("%d of %d blocks after %v", r.adopted, len(hs), r.now)
	}
}

// A late peer that was asked for a MiB because there was no other does not keep a better
// one, which comes later, from being asked, whether the one asked first is there still
// or not.
func TestLateKeepsNothing(t *testing.T) {
	const ms = time.Millisecond
	hs := line(100)
	for i := range hs {
		hs[i].BodySize = 80_000
	}
	for _, gone := range []bool{false, true} {
		r := newRace(t, Config{FetchPeers: 1}, 2)
		r.planner.peers[0].rate = rate{rtt: 100 * ms, perS: 1 << 30}
		r.announce(hs, 0)
		r.planner.peers[1].rate, r.planner.peers[1].lateTill = r.planner.peers[0].rate, time.Hour
		r.announce(hs, 1)
		r.wait(time.Second)
		if last := r.asks[len(r.asks)-1]; last.Peer != 1 || r.planner.twice+hs[0].BlockSize() <= maxTwice {
			t.Fatalf("%d bytes asked twice, at last of %d", r.planner.twice, last.Peer)
		}
		if gone {
			r.step(PeerGone{0})
		}
		r.step(PeerConnected{Peer: 2})
		r.step(Intersected{Peer: 2})
		r.announce(hs, 2)
		for end := r.now + time.Second; r.now < end; r.wait(50 * ms) {
			asks := r.asks
			r.asks = nil
			for _, a := range asks {
				if a.Peer == 2 {
					r.deliver(a)
				}
			}
		}
		if r.adopted != len(hs) {
			t.Errorf("first gone %t: %d of %d blocks a second later", gone, r.adopted, len(hs))
		}
	}
}

// A single block is asked of a second peer however large it is.
func TestLargeBlockIsRaced(t *testing.T) {
	hs := line(1)
	hs[0].BodySize = 2 * maxTwice
	r := newRace(t, Config{}, 2)
	r.announce(hs, 0, 1)
	r.planner.peers[0].rate = rate{rtt: time.Millisecond, perS: maxPerS}
	r.wait(time.Second)
	if len(r.asks) < 2 || r.asks[1].Peer == r.asks[0].Peer {
		t.Errorf("asked for: %+v", r.asks)
	}
}

// A peer is late for 4 s the first time, and then twice as long as the last time,
// up to 64 s.
func TestLateTime(t *testing.T) {
	r := newRace(t, Config{StallTimeout: time.Hour}, 1)
	p := r.planner.peers[0]
	r.announce(line(1), 0)
	for i, want := range []time.Duration{4, 8, 16, 32, 64, 64} {
		for range 10 {
			if at, ok := r.Deadline(); ok && !r.planner.late(p) {
				r.now = at
				r.step(Tick{})
			}
		}
		if got := p.lateTill - r.now; got != want*time.Second {
			t.Fatalf("late for %v the time %d, want %v", got, i+1, want*time.Second)
		}
		r.now = p.lateTill - 1
		r.step(Tick{})
		if !r.planner.late(p) {
			t.Errorf("not late any more after %v", want*time.Second)
		}
		r.now++
		r.step(Tick{})
	}
}

// Of others, the one that would be soonest is asked, late or not; a late one only
// if there is no other.
func TestRival(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		late    [4]bool
		latency [4]time.Duration
		want    PeerID
	}{
		{[4]bool{}, [4]time.Duration{0, 30 * ms, 20 * ms, 10 * ms}, 3},
		{[4]bool{}, [4]time.Duration{0, 10 * ms, 20 * ms, 30 * ms}, 1},
		{[4]bool{1: true, 2: true, 3: true}, [4]time.Duration{0, 10 * ms, 20 * ms, 30 * ms}, 1},
		{[4]bool{1: true, 2: true, 3: true}, [4]time.Duration{0, 30 * ms, 20 * ms, 10 * ms}, 3},
		{[4]bool{1: true, 3: true}, [4]time.Duration{0, 10 * ms, 20 * ms, 30 * ms}, 2},
		{[4]bool{2: true, 3: true}, [4]time.Duration{0, 30 * ms, 20 * ms, 10 * ms}, 1},
		{[4]bool{1: true, 2: true}, [4]time.Duration{0, 10 * ms, 20 * ms, 30 * ms}, 3},
	} {
		r := newRace(t, Config{}, 4)
		r.announce(line(1), 0, 1, 2, 3)
		for i, p := range r.planner.peers {
			p.rate.rtt = test.latency[i]
			if test.late[i] {
				p.lateTill = time.Hour
			}
		}
		if q := r.planner.rival(r.planner.path.At(0)); q == nil || q.id != test.want {
			t.Errorf("late %v, latency %v: %+v asked, want peer %d", test.late, test.latency, q, test.want)
		}
	}
}

// Two peers that are asked for ranges fall silent. A third is asked for both, as
// they are within a MiB of our chain, not only for the first.
func TestBothSilentRanges(t *testing.T) {
	hs := line(200)
	r := newRace(t, Config{FetchPeers: 2}, 2)
	r.announce(hs, 0, 1)
	r.step(PeerConnected{Peer: 2})
	r.step(Intersected{Peer: 2})
	r.announce(hs, 2)
	from, end := map[PeerID]bool{}, ledger.BlockNo(0)
	for _, a := range r.asks {
		from[a.Peer], end = true, a.Headers[len(a.Headers)-1].BlockNo
	}
	if len(from) != 2 || from[2] {
		t.Fatalf("asked at first: %v", from)
	}
	r.asks = nil
	r.wait(10 * time.Second)
	next := ledger.BlockNo(0)
	for _, a := range r.asks {
		if a.Peer == 2 && a.Headers[0].BlockNo == next {
			next += ledger.BlockNo(len(a.Headers))
		}
	}
	if next != end+1 {
		t.Errorf("the third was asked for blocks up to %d, want %d", next, end+1)
	}
}

// What is asked of a second peer may come to a MiB exactly.
func TestTwiceIsInclusive(t *testing.T) {
	hs := line(64)
	for i := range hs {
		hs[i].BodySize = 64<<10 - 860 - 16
	}
	r := newRace(t, Config{FetchPeers: 1}, 2)
	r.planner.peers[0].rate = rate{rtt: 100 * time.Millisecond, perS: 50_000_000}
	r.announce(hs, 0, 1)
	r.wait(3 * time.Second)
	if r.most != maxTwice || len(r.asks) != 2 || r.asks[1].Peer != 1 || len(r.asks[1].Headers) != 16 {
		t.Errorf("%d bytes asked twice, want %d: %d ranges", r.most, maxTwice, len(r.asks))
	}
}

// With two blocks missing a second peer is asked as soon as with one, with three it
// is not.
func TestRaceIsAtTheTip(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		missing int
		want    time.Duration
	}{{1, 50 * ms}, {2, 50 * ms}, {3, 140 * ms}} { // 140: twice 20 ms and 100 ms
		r := newRace(t, Config{}, 2)
		for _, p := range r.planner.peers {
			p.rate = rate{rtt: 20 * ms, perS: maxPerS}
		}
		r.announce(line(test.missing), 0, 1)
		for len(r.asks) == 1 && r.now < time.Minute {
			r.now, _ = r.Deadline()
			r.step(Tick{})
		}
		if got := r.now.Round(ms); got != test.want {
			t.Errorf("%d blocks missing: a second peer asked after %v, want %v", test.missing, got, test.want)
		}
	}
}

// A block is asked of three peers that are not late at most.
func TestMostClaims(t *testing.T) {
	r := newRace(t, Config{}, 5)
	r.announce(line(1), 0, 1, 2, 3, 4)
	for i := range 4 {
		if q := r.planner.rival(r.planner.path.At(0)); (q != nil) != (i < 2) {
			t.Errorf("asked of %d peers: %v is asked", i+1, q)
		}
		r.planner.ask(r.planner.peers[i+1], 0, 1<<20, r.planner.peers[i])
	}
	r.planner.peers[1].lateTill, r.planner.peers[2].lateTill = time.Hour, time.Hour
	r.step(PeerConnected{Peer: 5})
	r.step(Intersected{Peer: 5})
	r.announce(line(1), 5)
	if n := len(r.planner.peers[5].spans); n != 0 {
		t.Errorf("asked of five peers, two of them late: a sixth is asked for %d ranges", n)
	}
	r.planner.peers[3].lateTill = time.Hour
	if q := r.planner.rival(r.planner.path.At(0)); q != r.planner.peers[5] {
		t.Errorf("asked of five peers, three of them late: %v is asked", q)
	}
}

// A peer whose block will take more than twice as long as another would, and 100 ms,
// gets no time to itself.
func TestKnownToBeSlow(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		lag time.Duration
		now bool // the other is asked
	}{{120 * ms, false}, {120*ms + 1, true}} {
		r := newRace(t, Config{}, 2)
		r.planner.peers[0].rate = rate{rtt: ms, lag: test.lag, perS: maxPerS}
		r.announce(line(1), 0)
		r.planner.peers[1].rate = rate{rtt: 10 * ms, perS: maxPerS}
		b := r.planner.path.At(0)
		r.planner.peers[1].rate.rtt -= r.planner.peers[1].rate.sending(b.size)
		r.planner.peers[0].rate.lag -= r.planner.peers[0].rate.sending(b.size)
		r.announce(line(1), 1)
		if got := len(r.asks) == 2; got != test.now {
			t.Errorf("a peer that takes %v: the other asked at once: %t", test.lag, got)
		}
	}
}

// A peer that is slow by its measured pace alone has 50 ms to itself, one that is late
// has none.
func TestKnownToSendSlowly(t *testing.T) {
	for late, want := range map[time.Duration]time.Duration{0: 50 * time.Millisecond, time.Hour: 0} {
		r := newRace(t, Config{}, 2)
		r.planner.peers[0].rate = rate{rtt: time.Millisecond, perS: 10_000}
		r.planner.peers[1].rate = rate{rtt: time.Millisecond, perS: maxPerS}
		r.announce(line(1), 0)
		r.planner.peers[0].lateTill = late
		r.announce(line(1), 1)
		for len(r.asks) == 1 && r.now < time.Minute {
			r.now, _ = r.Deadline()
			r.step(Tick{})
		}
		if r.now != want {
			t.Errorf("late till %v: the other asked after %v, want %v", late, r.now, want)
		}
	}
}

// A block that comes behind others of the same peer has their time, too.
func TestRaceBehindOthers(t *testing.T) {
	const ms = time.Millisecond
	hs := line(2)
	slow := rate{rtt: 20 * ms, perS: int64(hs[0].BlockSize()) * 10} // 100 ms a block
	r := newRace(t, Config{}, 3)
	for _, p := range r.planner.peers {
		p.rate = slow
	}
	r.announce(hs, 0)
	r.announce(hs[:1], 1)
	r.planner.peers[2].rate.rtt = 25 * ms
	r.announce(hs, 2)
	at := map[PeerID]time.Duration{}
	for seen := 0; r.now < 200*ms; {
		r.now, _ = r.Deadline()
		r.step(Tick{})
		for ; seen < len(r.asks); seen++ {
			at[r.asks[seen].Peer] = r.now.Round(ms)
		}
	}
	if at[1] != 50*ms || at[2] != 150*ms {
		t.Errorf("asked for the first %v, for the second %v", at[1], at[2])
	}
}

// A peer may take twice the time that it was measured to take, but not more than four
// times that of the best, 50 ms at least.
func TestPatience(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct{ own, best, want time.Duration }{
		{10 * ms, 10 * ms, 120 * ms}, {100 * ms, 90 * ms, 300 * ms}, {100 * ms, 20 * ms, 300 * ms},
		{150 * ms, 20 * ms, 300 * ms}, {900 * ms, 60 * ms, 340 * ms}, {900 * ms, 900 * ms, 1900 * ms},
	} {
		r := newRace(t, Config{}, 2)
		r.planner.peers[0].rate = rate{rtt: test.own, perS: maxPerS}
		r.planner.peers[1].rate = rate{rtt: test.best, perS: maxPerS}
		b := &block{}
		if got := r.planner.patience(&span{peer: r.planner.peers[0], blocks: []*block{b}}, b); got != test.want {
			t.Errorf("own %v, best %v: patience %v, want %v", test.own, test.best, got, test.want)
		}
	}
}

// Who is late and stalls is given up after StallTimeout, so the core wants to be woken
// then.
func TestStallOfLatePeer(t *testing.T) {
	r := newRace(t, Config{}, 1)
	r.announce(line(1), 0)
	for !r.planner.late(r.planner.peers[0]) {
		r.now, _ = r.Deadline()
		r.step(Tick{})
	}
	if at, ok := r.Deadline(); !ok || at != DefaultStallTimeout {
		t.Errorf("wakes at %v, %t", at, ok)
	}
}

// No peer counts as faster than 2^34 bytes a second, so that windows stay in range.
func TestFastestRate(t *testing.T) {
	var r rate
	r.sawBytes(1<<30, 1)
	if r.perS != 1<<34 {
		t.Errorf("%d bytes a second", r.perS)
	}
}

// A range is of use while any of what it is still to bring is lacking.
func TestUseless(t *testing.T) {
	for _, test := range []struct {
		held    []bool
		next    int
		useless bool
	}{
		{[]bool{true, true, true}, 0, true}, {[]bool{false, true, true}, 0, false}, {[]bool{true, false, true}, 0, false},
		{[]bool{true, true, false}, 0, true}, {[]bool{false, true, true}, 1, true}, {[]bool{true, false, true}, 1, false},
	} {
		s := &span{next: test.next}
		for _, held := range test.held {
			s.blocks = append(s.blocks, &block{held: held})
		}
		if got := s.useless(s.blocks[2]); got != test.useless {
			t.Errorf("%v from %d on: useless %t", test.held, test.next, got)
		}
	}
}
