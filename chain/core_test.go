package chain

import (
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// TestPoints has the offsets of relay-behaviour 5.1 for k = 2160.
func TestPoints(t *testing.T) {
	hs := line(3000)
	core, err := New(Config{K: 2160, Adopted: hs})
	if err != nil {
		t.Fatal(err)
	}
	got := core.Step(0, PeerConnected{Peer: 1})[0].(FindIntersect).Points
	want := []int{0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2160}
	if len(got) != len(want) {
		t.Fatalf("%d points, want %d", len(got), len(want))
	}
	for i, offset := range want {
		if p := hs[len(hs)-1-offset].Point(); got[i] != p {
			t.Errorf("point %d is %v, want %v", i, got[i], p)
		}
	}
	if core.Anchor() != hs[len(hs)-2161].Tip() {
		t.Errorf("anchor at %v", core.Anchor())
	}
}

func TestNewRefuses(t *testing.T) {
	hs := line(5)
	for _, test := range []struct {
		cfg  Config
		want string
	}{
		{Config{}, "Config.K is missing"},
		{Config{K: 5, MaxLead: -1}, "MaxLead is negative"},
		{Config{K: 5, Adopted: hs[1:]}, "Adopted[0]"},
		{Config{K: 5, Anchor: hs[1].Tip(), Adopted: hs[2:4:4]}, ""},
		{Config{K: 5, Anchor: hs[1].Tip(), Adopted: []ledger.Header{hs[2], hs[4]}}, "Adopted[1]"},
		{Config{K: 5, Anchor: hs[1].Tip(), Points: []ledger.Point{hs[0].Point()}}, "without Anchor"},
		{Config{K: 5, Points: []ledger.Point{hs[2].Point(), hs[3].Point()}}, "newest first"},
		{Config{K: 5, Points: []ledger.Point{hs[3].Point(), hs[2].Point(), ledger.Origin}}, ""},
	} {
		_, err := New(test.cfg)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%+v: %v, want %q", test.cfg, err, test.want)
		}
	}
}

// TestWindowFollowsBandwidth checks that bytes in flight grow with what a peer
// delivers, and never beyond what it may be asked for.
func TestWindowFollowsBandwidth(t *testing.T) {
	var r rate
	if got := r.window(DefaultMaxInFlight); got != minWindow {
		t.Errorf("unknown peer: %d", got)
	}
	r.sawRTT(100 * time.Millisecond)
	r.sawBytes(1_000_000, 100*time.Millisecond) // 10 MB/s
	if got := r.window(DefaultMaxInFlight); got < 2_000_000 || got > 2_100_000 {
		t.Errorf("10 MB/s at 100 ms: %d, want about 2 MB", got)
	}
	if got := r.window(1000); got != 1000 {
		t.Errorf("limit 1000: %d", got)
	}
	for _, fast := range []struct {
		rtt  time.Duration
		perS int64
		want int
	}{
		{100 * time.Microsecond, 1_000_000_000, minWindow},
		{time.Microsecond, maxPerS, minWindow},
		{500 * time.Microsecond, 1_000_000_000, 1_000_000},
		{time.Hour, maxPerS, DefaultMaxInFlight},
	} {
		if got := (rate{rtt: fast.rtt, perS: fast.perS}).window(DefaultMaxInFlight); got != fast.want {
			t.Errorf("%d bytes a second at %v: %d, want %d", fast.perS, fast.rtt, got, fast.want)
		}
	}
	before := r
	r.sawBytes(100, time.Hour)
	if r != before {
		t.Error("a few bytes changed the estimate")
	}
	r.sawBytes(100_000_000, 0)
	if got := r.window(DefaultMaxInFlight); got != DefaultMaxInFlight {
		t.Errorf("in no time: %d", got)
	}
}

// TestEqualPeersAreSalted has different nodes ask different ones of equal
// peers, and each node the same one again.
func TestEqualPeersAreSalted(t *testing.T) {
	hs := line(2)
	chosen := map[PeerID]int{}
	for salt := range uint64(50) {
		first := PeerID(0)
		for range 2 {
			core, err := New(Config{K: 5, Salt: salt})
			if err != nil {
				t.Fatal(err)
			}
			// Peer 9 announces the block, refuses it, and the others are asked.
			core.Step(0, PeerConnected{Peer: 9})
			core.Step(0, Intersected{Peer: 9})
			core.Step(0, Headers{9, hs, hs[1].Tip()})
			for id := PeerID(1); id <= 3; id++ {
				core.Step(0, PeerConnected{Peer: id})
				core.Step(0, Intersected{Peer: id})
				core.Step(0, Headers{id, hs, hs[1].Tip()})
			}
			for _, e := range core.Step(0, PeerGone{9}) {
				if f, ok := e.(Fetch); ok {
					if first != 0 && first != f.Peer {
						t.Fatalf("salt %d: peer %d, then %d", salt, first, f.Peer)
					}
					first = f.Peer
				}
			}
		}
		chosen[first]++
	}
	for id := PeerID(1); id <= 3; id++ {
		if chosen[id] < 5 {
			t.Errorf("of 50 nodes %v asked", chosen)
		}
	}
}

// TestFasterPeerTakesOver has a slow peer replaced by an idle one without
// waiting for a stall.
func TestFasterPeerTakesOver(t *testing.T) {
	hs := line(2000)
	core, err := New(Config{K: 5})
	if err != nil {
		t.Fatal(err)
	}
	var asked []Fetch
	now := time.Duration(0)
	step := func(ev Event) {
		for _, e := range core.Step(now, ev) {
			switch e := e.(type) {
			case Fetch:
				asked = append(asked, e)
			case Adopt:
				defer core.Step(now, Consumed{e.Bytes})
			}
		}
	}
	for id := PeerID(1); id <= 2; id++ {
		step(PeerConnected{Peer: id})
		step(Intersected{Peer: id, Tip: hs[len(hs)-1].Tip()})
		step(Headers{id, hs, hs[len(hs)-1].Tip()})
	}
	for i := 0; i < 3; i++ {
		if a := asked[i]; a.Peer == 1 {
			for _, h := range a.Headers {
				now += time.Second // 20 kB/s
				step(BlockFetched{1, a.Range, h.Point(), 20_000})
			}
			step(RangeDone{1, a.Range})
		}
	}
	used := false
	for _, a := range asked {
		used = used || a.Peer == 2
	}
	if !used {
		t.Error("the idle peer was not asked")
	}
}

// TestAllocations bounds what a block costs.
func TestAllocations(t *testing.T) {
	const blocks = 20_000
	hs := line(blocks)
	perRun := testing.AllocsPerRun(2, func() { syncAll(t, hs, 1) })
	if perBlock := perRun / blocks; perBlock > 6 {
		t.Errorf("%.1f allocations a block", perBlock)
	}
}
