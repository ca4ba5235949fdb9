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

// Lateness passes at its time also while nobody is connected, and an address that was
// good in the end is not remembered.
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

// Recordings from before addresses were told are read as if none were known.
func TestConnectedWithoutAddress(t *testing.T) {
	in, err := ParseInput([]byte{0x84, kindPeerConnected, 7, 1, 0x18, 30})
	if want := (PeerConnected{Peer: 1, MaxInFlight: 30}); err != nil || in.Event != want || in.Unknown != nil {
		t.Errorf("%+v, %v", in, err)
	}
}
