package chain

import (
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// Numbers and slots around Byron's boundary blocks, as in the Haskell node's
// Byron/Ledger/HeaderValidation.hs.
func TestBoundaryLinks(t *testing.T) {
	const regular, boundary, unknown = 0, 1, 2
	parent := ledger.Point{Slot: 100, Hash: ledger.Hash{1}}
	for _, tt := range []struct {
		what   string
		parent int
		ebb    bool
		number ledger.BlockNo // the parent has 8
		slot   ledger.Slot    // the parent has 100
		ok     bool
	}{
		{"boundary after regular", regular, true, 8, 101, true},
		{"boundary after regular, next number", regular, true, 9, 101, false},
		{"boundary after regular, lower number", regular, true, 7, 101, false},
		{"boundary after regular, same slot", regular, true, 8, 100, false},
		{"regular after boundary", boundary, false, 9, 101, true},
		{"regular after boundary, same slot", boundary, false, 9, 100, true},
		{"regular after boundary, same number", boundary, false, 8, 101, false},
		{"boundary after boundary", boundary, true, 9, 101, true},
		{"boundary after boundary, same number", boundary, true, 8, 101, false},
		{"boundary after boundary, same slot", boundary, true, 9, 100, false},
		{"regular after regular, same slot", regular, false, 9, 100, false},
		{"regular after an unknown one, same slot", unknown, false, 9, 100, true},
		{"boundary after an unknown one", unknown, true, 8, 101, true},
		{"boundary after an unknown one, next number", unknown, true, 9, 101, true},
		{"boundary after an unknown one, other number", unknown, true, 10, 101, false},
	} {
		b := &block{point: parent, no: 8}
		if tt.parent != unknown {
			b.h = &ledger.Header{Raw: ledger.RawHeader{Era: ledger.Byron, EBB: tt.parent == boundary}}
		}
		h := &ledger.Header{
			Raw: ledger.RawHeader{Era: ledger.Byron, EBB: tt.ebb}, Slot: tt.slot, BlockNo: tt.number, Prev: parent.Hash, HasPrev: true,
		}
		if rule := b.broken(h); (rule == "") != tt.ok {
			t.Errorf("%s: broken rule %q, want it to follow: %t", tt.what, rule, tt.ok)
		}
	}
	// A header that starts a chain follows nothing else.
	first := &ledger.Header{Raw: ledger.RawHeader{Era: ledger.Byron, EBB: true}, Slot: 120}
	if rule := (&block{}).broken(first); rule != "" {
		t.Errorf("boundary block at the start: broken rule %q", rule)
	}
	if rule := (&block{point: parent, no: 0}).broken(first); rule == "" {
		t.Error("a boundary block that starts a chain follows another block")
	}
}
