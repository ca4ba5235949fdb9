package chain

import (
	"errors"
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// FuzzStep feeds events that make sense one by one, in an order that need not:
// three bytes each, about a few peers, ranges and the blocks of a small tree.
func FuzzStep(f *testing.F) {
	f.Add([]byte{0, 1, 0, 2, 1, 1, 4, 1, 0x25, 7, 1, 2, 7, 1, 3, 8, 1, 1})
	f.Add([]byte{0, 1, 0, 2, 1, 0, 4, 1, 0x15, 0, 2, 0, 2, 2, 0, 4, 2, 0x87, 9, 1, 1, 11, 0, 200, 5, 1, 1, 1, 1, 0})
	all := smallTree(f)
	f.Fuzz(func(t *testing.T, in []byte) { fuzzStep(t, all, in, false) })
}

// smallTree returns the headers of a tree, in order.
func smallTree(f *testing.F) (all []ledger.Header) {
	tree := newForest()
	for _, s := range []string{"o-a-b-c-d-e-f-g-h", "b-p-q-r-s-t", "a-u-v-w", "c-E!-z"} {
		if err := tree.parse(s); err != nil {
			f.Fatal(err)
		}
	}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "p", "q", "r", "s", "t", "u", "v", "w", "E", "z"} {
		all = append(all, tree.headers[name])
	}
	return all
}

// FuzzJudge is FuzzStep with a judge, who answers in any order: at once or late, twice, or
// about blocks that it was not asked about.
func FuzzJudge(f *testing.F) {
	f.Add([]byte{0, 1, 0, 2, 1, 1, 4, 1, 0x25, 7, 1, 2, 7, 1, 3, 14, 1, 1, 14, 1, 1, 8, 1, 1})
	f.Add([]byte{0, 1, 0, 2, 1, 1, 4, 1, 0x26, 7, 1, 1, 7, 1, 1, 14, 2, 0, 7, 1, 1, 14, 1, 0, 13, 3, 3, 1, 1, 0, 11, 0, 9})
	f.Add([]byte{0, 1, 0, 2, 1, 1, 4, 1, 0x26, 7, 1, 1, 14, 0, 0, 7, 1, 1, 11, 0, 1, 14, 2, 0, 5, 1, 1, 4, 1, 0x26})
	all := smallTree(f)
	f.Fuzz(func(t *testing.T, in []byte) { fuzzStep(t, all, in, true) })
}

// fuzzStep gives a core the events in an input.
func fuzzStep(t *testing.T, all []ledger.Header, in []byte, judge bool) {
	core, err := New(Config{K: 3, MaxLead: 8, MaxSideHeaders: 24, MaxBytes: 9000, MaxRanges: 3, Adopted: all[:2], Judge: judge})
	if err != nil {
		t.Fatal(err)
	}
	// A body comes only if it was asked for: that is a duty of the caller.
	asked := map[RangeID]*Fetch{}
	came := map[RangeID]int{}
	var now time.Duration
	var judging ledger.Point
	for ; len(in) >= 3; in = in[3:] {
		ops := byte(13)
		if judge {
			ops = 15
		}
		op, peer, x := in[0]%ops, PeerID(in[1]%4), in[2]
		h := all[int(x)%len(all)]
		p, tip := h.Point(), all[int(x>>3)%len(all)].Tip()
		r := RangeID(x % 16)
		var ev Event
		switch op {
		case 0:
			ev = PeerConnected{peer, int(x) * 100, uint64(x % 3)}
		case 1:
			ev = PeerGone{peer}
		case 2:
			ev = Intersected{peer, p, tip}
		case 3:
			ev = NoIntersection{peer, tip}
		case 4: // a run of headers, starting anywhere
			from := int(x>>4) % len(all)
			ev = Headers{peer, all[from:min(len(all), from+int(x&7))], tip}
		case 5:
			ev = RolledBack{peer, p, tip}
		case 6:
			ev = BadHeader{peer, p, errors.New("bad")}
		case 7: // the block that is due
			if a := asked[r]; a != nil && came[r] < len(a.Headers) {
				p = a.Headers[came[r]].Point()
				peer = a.Peer
				came[r]++
			}
			ev = BlockFetched{peer, r, p, int(x) * 10}
		case 8:
			ev = RangeDone{peer, r}
		case 9:
			ev = NoBlocks{peer, r}
		case 10:
			ev = FetchFailed{peer, r}
		case 11:
			now += time.Duration(x) * time.Second
			ev = Tick{}
		case 12:
			ev = Consumed{int(x) * 100}
		case 13, 14: // about any block, or the one that was asked about last
			if op == 14 {
				p = judging
			}
			ev = Judged{p, Verdict(in[1] % 4), time.Duration(x) * time.Second, nil}
		}
		for _, e := range core.Step(now, ev) {
			switch e := e.(type) {
			case Fetch:
				asked[e.Range] = &e
			case Judge:
				judging = e.Header.Point()
			}
		}
		core.check(t)
	}
	for id := range PeerID(4) {
		core.Step(now, PeerGone{id})
	}
	core.check(t)
	if s := core.Stats(); s.SideHeaders != 0 || s.InFlight != 0 || s.Held != 0 || s.Missing != 0 {
		t.Fatalf("left behind %+v", s)
	}
}
