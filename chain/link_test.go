package chain

import (
	"errors"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// Every numbering rule, in the words of the error. (points-headers-blocks, 8)
func TestBroken(t *testing.T) {
	var (
		origin  = &block{}
		regular = &block{h: &ledger.Header{}, point: ledger.Point{Slot: 50, Hash: ledger.Hash{1}}, no: 7}
		ebb     = &block{h: &ledger.Header{Raw: ledger.RawHeader{Era: ledger.Byron, EBB: true}}, point: regular.point, no: 7}
		anchor  = &block{point: regular.point, no: 7}    // the first, of which no header is known
		first   = &block{h: ebb.h, point: regular.point} // of a chain
		bare    = &block{point: regular.point, bare: true}
		zero    = &block{point: regular.point} // an anchor with number 0
		end     = &block{point: regular.point, no: ^ledger.BlockNo(0)}
		before  = &block{point: regular.point, no: ^ledger.BlockNo(0) - 1}
		last    = &block{h: &ledger.Header{}, point: regular.point, no: ^ledger.BlockNo(0)}
	)
	const (
		hash     = "the hash of the header before it"
		start    = "block number 0 at the start of a chain"
		boundary = "a boundary block with the number of the regular block before it"
		next     = "the next block number"
		later    = "a later slot"
	)
	for _, test := range []struct {
		name string
		b    *block
		era  ledger.Era
		ebb  bool
		slot ledger.Slot
		no   ledger.BlockNo
		want string
	}{
		{"first", origin, ledger.Conway, false, 0, 0, ""},
		{"first with a number", origin, ledger.Conway, false, 0, 1, start},
		{"next", regular, ledger.Conway, false, 51, 8, ""},
		{"next, same slot", regular, ledger.Conway, false, 50, 8, later},
		{"next, earlier", regular, ledger.Conway, false, 49, 8, later},
		{"same number", regular, ledger.Conway, false, 51, 7, next},
		{"number left out", regular, ledger.Conway, false, 51, 9, next},
		{"number after the last", last, ledger.Conway, false, 51, 0, next},
		{"boundary", regular, ledger.Byron, true, 51, 7, ""},
		{"boundary with the next number", regular, ledger.Byron, true, 51, 8, boundary},
		{"boundary, same slot", regular, ledger.Byron, true, 50, 7, later},
		{"after boundary", ebb, ledger.Byron, false, 50, 8, ""},
		{"after boundary, earlier", ebb, ledger.Byron, false, 49, 8, later},
		{"after boundary, Shelley", ebb, ledger.Shelley, false, 50, 8, later},
		{"boundary after boundary", ebb, ledger.Byron, true, 51, 8, ""},
		{"boundary after boundary, same slot", ebb, ledger.Byron, true, 50, 8, later},
		{"boundary after boundary, same number", ebb, ledger.Byron, true, 51, 7, boundary},
		{"boundary after boundary, number left out", ebb, ledger.Byron, true, 51, 9, boundary},
		{"boundary after the first boundary", first, ledger.Byron, true, 51, 1, ""},
		{"boundary after anchor", anchor, ledger.Byron, true, 51, 7, ""},
		{"boundary after anchor that may be one", anchor, ledger.Byron, true, 51, 8, ""},
		{"boundary after anchor, number left out", anchor, ledger.Byron, true, 51, 9, boundary},
		{"boundary after the first number", zero, ledger.Byron, true, 51, 1, ""},
		{"boundary with the last number", before, ledger.Byron, true, 51, ^ledger.BlockNo(0), ""},
		{"boundary after an anchor, number after the last", end, ledger.Byron, true, 51, 0, boundary},
		{"boundary, number after the last", last, ledger.Byron, true, 51, 0, boundary},
		{"Byron after regular, same slot", regular, ledger.Byron, false, 50, 8, later},
		{"after anchor, same slot", anchor, ledger.Byron, false, 50, 8, ""},
		{"after anchor, same slot, Shelley", anchor, ledger.Shelley, false, 50, 8, later},
		{"after a point, any number", bare, ledger.Conway, false, 51, 70, ""},
		{"after a point, earlier", bare, ledger.Conway, false, 49, 70, later},
	} {
		h := ledger.Header{Raw: ledger.RawHeader{Era: test.era, EBB: test.ebb}, Slot: test.slot, BlockNo: test.no}
		h.Prev, h.HasPrev = test.b.point.Hash, !test.b.point.IsOrigin()
		if got := test.b.broken(&h); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		h.Prev[3]++
		if h.HasPrev {
			if got := test.b.broken(&h); got != hash {
				t.Errorf("%s, of another parent: %q", test.name, got)
			}
		}
	}
}

// A header may be up to MaxGap slots after the one before it; without MaxGap, any
// number.
func TestMaxGap(t *testing.T) {
	const far = ledger.Slot(1 << 40)
	for _, test := range []struct {
		gap, slots ledger.Slot
		ok         bool
	}{
		{1, 1, true}, {1, 2, false}, {100, 99, true}, {100, 100, true}, {100, 101, false}, {100, far, false}, {0, far, true},
	} {
		h := line(1)[0]
		h.Slot = test.slots
		core, _ := connect(t, Config{K: 5, MaxGap: test.gap}, ledger.Origin, h.Tip())
		next := ledger.Header{Slot: 2 * h.Slot, BlockNo: 1, Hash: ledger.Hash{9}, Prev: h.Hash, HasPrev: true}
		core.Step(0, Headers{1, []ledger.Header{h}, h.Tip()})
		effects := core.Step(0, Headers{1, []ledger.Header{next}, next.Tip()})
		if st, ok := core.Peer(1); ok != test.ok || ok && st.Candidate != next.Tip() {
			t.Errorf("MaxGap %d, %d slots: %+v, %t, %v", test.gap, test.slots, st, ok, effects)
		}
	}
	var wrong *LinkError
	hs := line(2) // 20 slots
	core, _ := connect(t, Config{K: 5, MaxGap: 19}, ledger.Origin, hs[1].Tip())
	for _, e := range core.Step(0, Headers{1, hs, hs[1].Tip()}) {
		if d, ok := e.(Disconnect); ok && !errors.As(d.Err, &wrong) {
			t.Errorf("disconnected for %v", d.Err)
		}
	}
	if wrong == nil || wrong.Rule != "a slot that is not more than 19 later" {
		t.Errorf("disconnected for %v", wrong)
	}
}
