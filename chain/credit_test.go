package chain

import "testing"

// Headers flow in windows, as the announced tip and the bounds allow.
func TestAllowance(t *testing.T) {
	for _, test := range []struct {
		name    string
		granted int // to all peers
		demand  demand
		n       int
		full    bool
	}{
		{"at the announced tip", 0, demand{}, 8, false},
		{"a little behind it", 0, demand{toCome: 10}, 18, false},
		{"far behind it", 0, demand{toCome: 1 << 63}, 400, false},
		{"half of it left", 200, demand{credit: 200, toCome: 1000}, 200, false},
		{"more than half left", 201, demand{credit: 201, toCome: 1000}, 0, false},
		{"behind our tip", 0, demand{lead: -5000, toCome: 1000}, 400, false},
		{"behind it as far as numbers go", 0, demand{lead: -1 << 63, toCome: 1000}, 400, false},
		{"a window below the bound of the lead", 0, demand{lead: 600, toCome: 1000}, 400, false},
		{"half a window below it", 0, demand{lead: 799, toCome: 1000}, 201, false},
		{"too near to it", 0, demand{lead: 800, toCome: 1000}, 0, false},
		{"above it", 0, demand{lead: 1001, toCome: 1000}, 0, false},
		{"near to it, and few left to come", 0, demand{lead: 992}, 8, false},
		{"room for some beside what others hold", 1500, demand{side: 450, toCome: 1000}, 50, false},
		{"no room beside what others hold", 1500, demand{side: 500, toCome: 1000}, 0, true},
		{"more held than is allowed", 0, demand{side: 2500, toCome: 1000}, 0, true},
		{"no room, and credit left", 1500, demand{credit: 100, side: 500, toCome: 1000}, 0, true},
	} {
		x := credits{maxLead: 1000, maxSide: 2000, granted: test.granted}
		if n, full := x.allowance(test.demand); n != test.n || full != test.full {
			t.Errorf("%s: %d, full %t; want %d, %t", test.name, n, full, test.n, test.full)
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
