package chain

import (
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// Headers flow in windows, as the announced tip and the bounds allow.
func TestAllowance(t *testing.T) {
	for _, test := range []struct {
		name    string
		granted int // to all peers
		credit  int
		toCome  ledger.BlockNo
		lead    int64
		side    int
		n       int
		full    bool
	}{
		{"at the announced tip", 0, 0, 0, 0, 0, 8, false},
		{"a little behind it", 0, 0, 10, 0, 0, 18, false},
		{"far behind it", 0, 0, 1 << 63, 0, 0, 400, false},
		{"half of it left", 200, 200, 1000, 0, 0, 200, false},
		{"more than half left", 201, 201, 1000, 0, 0, 0, false},
		{"behind our tip", 0, 0, 1000, -5000, 0, 400, false},
		{"behind it as far as numbers go", 0, 0, 1000, -1 << 63, 0, 400, false},
		{"a window below the bound of the lead", 0, 0, 1000, 600, 0, 400, false},
		{"half a window below it", 0, 0, 1000, 799, 0, 201, false},
		{"too near to it", 0, 0, 1000, 800, 0, 0, false},
		{"above it", 0, 0, 1000, 1001, 0, 0, false},
		{"near to it, and few left to come", 0, 0, 0, 992, 0, 8, false},
		{"room for some beside what others hold", 1500, 0, 1000, 0, 450, 50, false},
		{"no room beside what others hold", 1500, 0, 1000, 0, 500, 0, true},
		{"more held than is allowed", 0, 0, 1000, 0, 2500, 0, true},
		{"no room, and credit left", 1500, 100, 1000, 0, 500, 0, true},
	} {
		x := credits{maxLead: 1000, maxSide: 2000, granted: test.granted}
		window := x.window(test.toCome)
		n, full := 0, false
		if !x.enough(test.credit, window) {
			n, full = x.allowance(demand{test.credit, window, test.lead, test.side})
		}
		if n != test.n || full != test.full {
			t.Errorf("%s: %d, full %t; want %d, %t", test.name, n, full, test.n, test.full)
		}
	}
}

// With a small bound of the lead, windows are small.
func TestWindowIsBelowLead(t *testing.T) {
	x := credits{maxLead: 10, maxSide: 40}
	for toCome, want := range []int{8, 9, 10, 10} {
		if got := x.window(ledger.BlockNo(toCome)); got != want {
			t.Errorf("%d to come: a window of %d, want %d", toCome, got, want)
		}
	}
	for lead, want := range []int{10, 9, 8, 7, 6, 0} {
		if n, full := x.allowance(demand{window: 10, lead: int64(lead)}); n != want || full {
			t.Errorf("%d ahead: %d granted, full %t; want %d", lead, n, full, want)
		}
	}
}

// What is granted counts until it comes or is taken back, and once.
func TestCreditsAddUp(t *testing.T) {
	var x credits
	var a, b int // credit of two peers
	x.grant(&a, 3)
	x.grant(&b, 5)
	for range 4 { // one more than was granted
		x.spend(&a)
	}
	x.spend(&b)
	if a != 0 || b != 4 || x.granted != 4 {
		t.Errorf("%d and %d left, %d together", a, b, x.granted)
	}
	for range 2 {
		x.revoke(&b)
	}
	if b != 0 || x.granted != 0 {
		t.Errorf("%d left of what was taken back, %d together", b, x.granted)
	}
}
