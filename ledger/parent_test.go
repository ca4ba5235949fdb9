package ledger

import (
	"math"
	"testing"
)

// The number and the least slot of the next block, by what the last one was.
func TestNextPlace(t *testing.T) {
	at := func(slot Slot, number BlockNo, ebb bool) Parent {
		return Parent{Tip: Tip{Point{slot, Hash{1}}, number}, Boundary: ebb}
	}
	regular := RawHeader{Era: Byron}
	boundary := RawHeader{Era: Byron, EBB: true}
	later := RawHeader{Era: Shelley}
	unknown := Parent{Tip: Tip{Point{7, Hash{1}}, 3}, BoundaryUnknown: true}
	for _, test := range []struct {
		name         string
		p            Parent
		next         RawHeader
		number       BlockNo
		slot         Slot
		hasNo, hasSl bool
	}{
		{"boundary block first", Parent{}, boundary, 0, 0, true, true},
		{"Shelley first", Parent{}, later, 0, 0, true, true},
		{"regular", at(7, 3, false), regular, 4, 8, true, true},
		{"boundary block after a regular one", at(7, 3, false), boundary, 3, 8, true, true},
		{"regular after a boundary block", at(7, 3, true), regular, 4, 7, true, true},
		{"boundary block after a boundary block", at(7, 3, true), boundary, 4, 8, true, true},
		{"Shelley after a boundary block", at(7, 3, true), later, 4, 8, true, true},
		{"Shelley", at(7, 3, false), later, 4, 8, true, true},
		{"regular after one that may be either", unknown, regular, 4, 7, true, true},
		{"boundary block after one that may be either", unknown, boundary, 4, 8, true, true},
		{"Shelley after one that may be either", unknown, later, 4, 8, true, true},
		{"after the last number", at(7, math.MaxUint64, false), later, 0, 8, false, true},
		{"after the last slot", at(Never, 3, false), later, 4, 0, true, false},
		{"boundary block after the last number", at(7, math.MaxUint64, false), boundary, math.MaxUint64, 8, true, true},
	} {
		h := &Header{Raw: test.next}
		number, hasNo := test.p.NextBlockNo(h)
		slot, hasSl := test.p.NextSlot(h)
		if number != test.number || slot != test.slot || hasNo != test.hasNo || hasSl != test.hasSl {
			t.Errorf("%s: number %d (%t) from slot %d (%t) on, want %d (%t) from %d (%t) on",
				test.name, number, hasNo, slot, hasSl, test.number, test.hasNo, test.slot, test.hasSl)
		}
	}
}

// Numbers and slots around Byron's boundary blocks, as in the Haskell node's
// Byron/Ledger/HeaderValidation.hs, and at the end of all numbers.
func TestLinks(t *testing.T) {
	const last = math.MaxUint64
	regular := Parent{Tip: Tip{Point{100, Hash{1}}, 8}}
	boundary, unknown, numberless, bare := regular, regular, regular, regular
	boundary.Boundary = true
	unknown.BoundaryUnknown = true
	numberless.BlockNoUnknown = true
	bare.BoundaryUnknown, bare.BlockNoUnknown = true, true
	lastNumber, lastSlot := regular, regular
	lastNumber.Tip.BlockNo, lastSlot.Tip.Point.Slot = last, Never
	for _, test := range []struct {
		name   string
		p      Parent
		era    Era
		ebb    bool
		number BlockNo
		slot   Slot
		want   Link
	}{
		{"first", Parent{}, Byron, true, 0, 0, LinkFollows},
		{"first, much later", Parent{}, Shelley, false, 0, 500, LinkFollows},
		{"first with a number", Parent{}, Byron, true, 1, 0, LinkBlockNo},
		{"regular", regular, Byron, false, 9, 101, LinkFollows},
		{"regular, much later", regular, Byron, false, 9, 7000, LinkFollows},
		{"regular, same number", regular, Byron, false, 8, 101, LinkBlockNo},
		{"regular, number left out", regular, Byron, false, 10, 101, LinkBlockNo},
		{"regular, same slot", regular, Byron, false, 9, 100, LinkSlot},
		{"regular, earlier", regular, Byron, false, 9, 99, LinkSlot},
		{"boundary after regular", regular, Byron, true, 8, 101, LinkFollows},
		{"boundary after regular, next number", regular, Byron, true, 9, 101, LinkBlockNo},
		{"boundary after regular, lower number", regular, Byron, true, 7, 101, LinkBlockNo},
		{"boundary after regular, same slot", regular, Byron, true, 8, 100, LinkSlot},
		{"regular after boundary", boundary, Byron, false, 9, 101, LinkFollows},
		{"regular after boundary, same slot", boundary, Byron, false, 9, 100, LinkFollows},
		{"regular after boundary, earlier", boundary, Byron, false, 9, 99, LinkSlot},
		{"regular after boundary, same number", boundary, Byron, false, 8, 101, LinkBlockNo},
		{"Shelley after boundary, same slot", boundary, Shelley, false, 9, 100, LinkSlot},
		{"boundary after boundary", boundary, Byron, true, 9, 101, LinkFollows},
		{"boundary after boundary, same number", boundary, Byron, true, 8, 101, LinkBlockNo},
		{"boundary after boundary, same slot", boundary, Byron, true, 9, 100, LinkSlot},
		{"regular after an unknown one, same slot", unknown, Byron, false, 9, 100, LinkFollows},
		{"regular after an unknown one, same number", unknown, Byron, false, 8, 101, LinkBlockNo},
		{"boundary after an unknown one", unknown, Byron, true, 8, 101, LinkFollows},
		{"boundary after an unknown one, next number", unknown, Byron, true, 9, 101, LinkFollows},
		{"boundary after an unknown one, other number", unknown, Byron, true, 10, 101, LinkBlockNo},
		{"boundary after an unknown one, same slot", unknown, Byron, true, 8, 100, LinkSlot},
		{"any number", numberless, Conway, false, 70, 101, LinkFollows},
		{"any number, same slot", numberless, Conway, false, 70, 100, LinkSlot},
		{"any number, Byron after a point, same slot", bare, Byron, false, 70, 100, LinkFollows},
		{"any number, Conway after a point, same slot", bare, Conway, false, 70, 100, LinkSlot},
		{"after the last number", lastNumber, Conway, false, 0, 101, LinkBlockNo},
		{"after the last slot", lastSlot, Conway, false, 9, Never, LinkSlot},
	} {
		h := &Header{Raw: RawHeader{Era: test.era, EBB: test.ebb}, Slot: test.slot, BlockNo: test.number}
		h.Prev, h.HasPrev = test.p.Tip.Point.Hash, !test.p.Tip.Point.IsOrigin()
		if got := test.p.Link(h); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
		h.Prev[3]++
		h.HasPrev = true
		if got := test.p.Link(h); got != LinkPrev {
			t.Errorf("%s, of another parent: %d", test.name, got)
		}
		if h.HasPrev = false; !test.p.Tip.Point.IsOrigin() && test.p.Link(h) != LinkPrev {
			t.Errorf("%s: what starts a chain follows a block", test.name)
		}
	}
	h := &Header{Raw: RawHeader{Era: Byron, EBB: true}, Slot: 5, BlockNo: 6, Hash: Hash{7}}
	if got, want := ParentOf(h), (Parent{Tip: Tip{Point{5, Hash{7}}, 6}, Boundary: true}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
