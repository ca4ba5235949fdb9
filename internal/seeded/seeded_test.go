package seeded

import (
	"net"
	"testing"
)

// Draws follow from the seed and from what they are for, and from nothing else.
func TestSource(t *testing.T) {
	a, b := &net.TCPAddr{Port: 1}, &net.TCPAddr{Port: 2}
	draw := func(seed uint64, name ...any) uint64 { return Source(seed, name...).Uint64() }
	one := draw(7, "cookies", a, b)
	if draw(7, "cookies", a, b) != one {
		t.Error("not repeatable")
	}
	for name, other := range map[string]uint64{
		"purpose": draw(7, "pauses", a, b), "connection": draw(7, "cookies", b, a), "seed": draw(8, "cookies", a, b),
	} {
		if other == one {
			t.Errorf("the %s makes no difference", name)
		}
	}
	if Source(0, "cookies") != nil {
		t.Error("repeatable without a seed")
	}
	if r := Source(7, "x"); Float64(r) != Source(7, "x").Float64() {
		t.Error("drawn from another source")
	}
	if x := Float64(nil); x < 0 || x >= 1 {
		t.Error(x)
	}
}
