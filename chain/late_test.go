package chain

import (
	"testing"
	"time"
)

// When to look whether a peer is late holds for one block of one range: for the next
// block, and for the first of another range, it is found anew.
func TestPaceIsOfOneBlock(t *testing.T) {
	s, other := &span{next: 1, sentAt: time.Second}, &span{next: 1, sentAt: time.Minute}
	x := pace{s, 1, time.Hour}
	if got := x.of(s); got != x {
		t.Errorf("the same block: %+v", got)
	}
	if got, want := x.of(other), (pace{other, 1, time.Minute + lateSlack}); got != want {
		t.Errorf("another range: %+v, want %+v", got, want)
	}
	s.next++
	if got, want := x.of(s), (pace{s, 2, time.Second + lateSlack}); got != want {
		t.Errorf("the next block: %+v, want %+v", got, want)
	}
}

// A peer that was very late before it connected again gets time while it is alone. Once
// another peer connects that could send the block, it is late within nextLook.
func TestLateBesideNewPeer(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name  string
		comes bool // another peer
	}{{"alone", false}, {"beside another", true}} {
		r := newRace(t, Config{}, 1)
		p := r.planner.peers[0]
		p.rate = rate{rtt: 20 * ms, lag: time.Minute}
		r.announce(line(1), 0)
		r.wait(5 * time.Second)
		if len(r.asks) != 1 || r.planner.late(p) {
			t.Fatalf("%s: %d requests, late %t", test.name, len(r.asks), r.planner.late(p))
		}
		if test.comes {
			r.step(PeerConnected{Peer: 1})
			r.step(Intersected{Peer: 1})
		}
		if r.wait(nextLook); r.planner.late(p) != test.comes {
			t.Errorf("%s: late %t", test.name, r.planner.late(p))
		}
	}
}
