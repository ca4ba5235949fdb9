package chain

import (
	"testing"
	"time"
)

// late has peer 0 of an address be late with a block that peer 1 has, and go. Its
// successor of another address has id 2.
func lateAndGone(t *testing.T, before, after uint64, leave func(r *race)) *race {
	hs := line(3)
	r := newRace(t, Config{}, 0)
	for id, address := range []uint64{before, 20} {
		r.step(PeerConnected{Peer: PeerID(id), Address: address})
		r.step(Intersected{Peer: PeerID(id)})
	}
	r.announce(hs[:1], 0)
	r.wait(20 * time.Millisecond)
	r.deliver(r.asks[0])
	r.announce(hs[:1], 1)

	r.announce(hs[1:2], 0)
	if r.asks[1].Peer != 0 {
		t.Fatalf("peer %d is asked first", r.asks[1].Peer)
	}
	r.announce(hs[1:2], 1)
	r.wait(2 * time.Second)
	if len(r.asks) != 3 || r.asks[2].Peer != 1 || !r.planner.late(r.planner.peers[0]) {
		t.Fatalf("%d requests, nobody is late", len(r.asks))
	}
	r.deliver(r.asks[2])
	leave(r)
	r.wait(time.Second)
	r.step(PeerConnected{Peer: 2, Address: after})
	r.step(Intersected{Peer: 2})
	r.announce(hs[:2], 2)
	r.step(PeerGone{1})
	r.step(PeerConnected{Peer: 3, Address: 20})
	r.step(Intersected{Peer: 3})
	r.announce(hs, 3)
	return r
}

// Who was late is late when it connects again, and counts as often late, and as slow,
// as before. Others are new at another address, and where none is known.
func TestLatenessOutlivesConnections(t *testing.T) {
	for _, test := range []struct {
		name          string
		before, after uint64
		late          bool
	}{
		{"the same address", 7, 7, true}, {"another", 7, 8, false}, {"none", 0, 0, false}, {"none any more", 7, 0, false},
	} {
		r := lateAndGone(t, test.before, test.after, func(r *race) { r.step(PeerGone{0}) })
		p := r.byID[2]
		if late := r.planner.late(p); late != test.late || (p.strikes > 0) != test.late || (p.rate.lag > 0) != test.late {
			t.Errorf("%s: late %t, %d strikes, lag %v", test.name, late, p.strikes, p.rate.lag)
		}
	}
	blamed := func(r *race) {
		r.Core.Step(r.now, BlockFetched{Peer: 0, Range: r.asks[1].Range, Point: line(9)[8].Point(), Bytes: 9})
		if r.byID[0] != nil {
			t.Fatal("the peer is not blamed")
		}
	}
	if r := lateAndGone(t, 7, 7, blamed); !r.planner.late(r.byID[2]) {
		t.Error("lateness of a peer that was blamed is forgotten")
	}
}

// Lateness passes while the peer is not connected, too. An address whose peer was in
// time in the end is not remembered.
func TestLatenessPasses(t *testing.T) {
	r := lateAndGone(t, 7, 7, func(r *race) { r.step(PeerGone{0}) })
	r.wait(lateTime)
	p := r.byID[2]
	if r.planner.late(p) {
		t.Error("still late")
	}
	p.strikes, p.rate.lag = 0, 0
	r.step(PeerGone{2})
	for _, x := range r.planner.remembered {
		if x.address == 7 {
			t.Errorf("remembers %+v", x)
		}
	}
}

// No more than so many addresses are remembered, those that left last.
func TestRememberedIsBounded(t *testing.T) {
	pl := &planner{}
	for i := range 3 * maxRemembered {
		pl.remember(&peer{address: uint64(i + 1), strikes: 1})
		pl.remember(&peer{address: uint64(i + 1), strikes: 2})
	}
	if n := len(pl.remembered); n != maxRemembered || pl.remembered[n-1] != (lateness{address: 3 * maxRemembered, strikes: 2}) {
		t.Errorf("%d addresses, the last %+v", n, pl.remembered[n-1])
	}
	p := &peer{address: 3 * maxRemembered}
	if pl.recall(p); p.strikes != 2 {
		t.Errorf("%d strikes", p.strikes)
	}
}

// hangsUp has peer 0 of address 7 be asked for a block, and its connection end after d;
// with rival, another one was asked for the block as well by then. The peer comes back
// as number next.
func hangsUp(t *testing.T, rival bool, d time.Duration) (*race, *peer) {
	hs := line(3)
	r := newRace(t, Config{}, 0)
	for id, address := range []uint64{7, 20} {
		r.step(PeerConnected{Peer: PeerID(id), Address: address})
		r.step(Intersected{Peer: PeerID(id)})
	}
	r.announce(hs[:1], 0)
	r.wait(20 * time.Millisecond)
	r.deliver(r.asks[0])
	r.announce(hs[:1], 1)
	r.announce(hs[1:2], 0)
	if rival {
		r.announce(hs[1:2], 1)
	}
	r.wait(d)
	if want := map[bool]int{false: 2, true: 3}[rival]; len(r.asks) != want || r.planner.late(r.byID[0]) {
		t.Fatalf("%d requests, late %t", len(r.asks), r.planner.late(r.byID[0]))
	}
	r.step(PeerGone{0})
	r.step(PeerConnected{Peer: 2, Address: 7})
	r.step(Intersected{Peer: 2})
	return r, r.byID[2]
}

// To hang up before one counts as late with a block is as bad as to be late: what it took
// so far adds to the latency, and the peer is late if another was asked meanwhile. That
// is over after some seconds, and with the next range that it sends.
func TestHangUpIsRemembered(t *testing.T) {
	r, p := hangsUp(t, false, 90*time.Millisecond)
	if p.rate.lag < 90*time.Millisecond || p.strikes > 0 || r.planner.late(p) {
		t.Errorf("nobody else was asked: lag %v, %d strikes, late %t", p.rate.lag, p.strikes, r.planner.late(p))
	}
	r, p = hangsUp(t, true, 120*time.Millisecond)
	if p.rate.lag < 120*time.Millisecond || p.strikes != 1 || !r.planner.late(p) {
		t.Errorf("another was asked: lag %v, %d strikes, late %t", p.rate.lag, p.strikes, r.planner.late(p))
	}
	r.wait(lateTime)
	if r.planner.late(p) {
		t.Error("late for longer than the first time")
	}
	r.announce(line(2), 2)
	r.step(PeerGone{1})
	r.deliver(r.asks[len(r.asks)-1])
	if p.strikes > 0 {
		t.Error("a range that it sent makes nothing good")
	}
}

// A peer with a strike is still asked for the next block if it alone has announced it.
// The next peer that announces it is asked at once, too. That ends when the first peer
// has sent a range in time.
func TestStruckHasNoTimeToItself(t *testing.T) {
	r, p := hangsUp(t, true, 120*time.Millisecond)
	r.deliver(r.asks[2])
	r.wait(lateTime)
	n := len(r.asks)
	r.announce(line(3), 2)
	if len(r.asks) != n+1 || r.asks[n].Peer != 2 || p.strikes != 1 {
		t.Fatalf("%d requests, %d strikes", len(r.asks)-n, p.strikes)
	}
	r.announce(line(3)[2:], 1)
	if len(r.asks) != n+2 || r.asks[n+1].Peer != 1 {
		t.Errorf("nobody is asked besides")
	}
}

// What counts is the time since the last block came, less what the next takes: breaks of
// a connection on which blocks come cost nothing. More add up, to a second at most.
func TestHangUpsAddUp(t *testing.T) {
	const ms = time.Millisecond
	fast := rate{rtt: 20 * ms, perS: 1_000_000}
	for i, test := range []struct {
		rate rate
		n    int
		d    time.Duration
		lag  time.Duration
	}{
		{rate{}, 80_000, 90 * ms, assumedRTT + 90*ms},
		{rate{lag: 190 * ms}, 80_000, 90 * ms, 280 * ms},
		{rate{lag: 950 * ms}, 80_000, 90 * ms, maxRTT},
		{rate{}, 80_000, 9 * time.Second, 9 * time.Second},
		{rate{lag: 9 * time.Second}, 80_000, 90 * ms, 9 * time.Second},
		{fast, 50_000, 90 * ms, 60 * ms},
		{fast, 90_000, 90 * ms, 0},
	} {
		r := test.rate
		if r.sawHangUp(test.n, test.d); r.lag != test.lag {
			t.Errorf("%d: lag %v, not %v", i, r.lag, test.lag)
		}
	}
	hs := line(30)
	r := newRace(t, Config{}, 1)
	r.announce(hs, 0)
	p, a := r.byID[0], r.asks[0]
	r.wait(200 * ms)
	for i, h := range a.Headers[:2] {
		r.step(BlockFetched{0, a.Range, h.Point(), h.BlockSize()})
		r.wait(time.Duration(1-i) * ms)
	}
	if r.step(PeerGone{0}); p.rate.lag > p.rate.rtt {
		t.Errorf("a break while blocks come leaves lag %v, rtt %v", p.rate.lag, p.rate.rtt)
	}
}

// Recordings from before addresses were told are read as if none were known.
func TestConnectedWithoutAddress(t *testing.T) {
	in, err := ParseInput([]byte{0x84, kindPeerConnected, 7, 1, 0x18, 30})
	if want := (PeerConnected{Peer: 1, MaxInFlight: 30}); err != nil || in.Event != want || in.Unknown != nil {
		t.Errorf("%+v, %v", in, err)
	}
}
