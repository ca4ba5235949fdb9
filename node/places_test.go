package node

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// visitor is a connection for places.
type visitor struct {
	*place
	left error
	told bool // left by the function that came with the handshake
	used bool
}

// hall has places and those that took some.
type hall struct {
	*places
	t   *testing.T
	now time.Time
	n   int
}

func newHall(t *testing.T, l Limits) *hall {
	l, err := l.complete()
	if err != nil {
		t.Fatal(err)
	}
	return &hall{newPlaces(l, rand.New(rand.NewPCG(1, 2))), t, time.Unix(1e9, 0), 0}
}

// enter takes a place from the address, or from a new one if it is "".
func (h *hall) try(address string) (*visitor, error) {
	h.n++
	if address == "" {
		address = fmt.Sprintf("10.%d.%d.%d", h.n>>16, h.n>>8&255, h.n&255)
	}
	v := new(visitor)
	addr, _ := netip.ParseAddr(address) // "none" is the zero Addr
	var err error
	v.place, err = h.admit(addr, func(why error) { v.left = why })
	return v, err
}

func (h *hall) come(address string) *visitor {
	h.t.Helper()
	v, err := h.try(address)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

func (h *hall) agree(v *visitor) error {
	return h.confirm(v.place, h.now, func() bool { return !v.used }, func(why error) { v.left, v.told = why, true })
}

func TestOldestWithoutHandshakeMakesWay(t *testing.T) {
	h := newHall(t, Limits{Inbound: 10})
	var all []*visitor
	for range 10 + HandshakePlaces {
		all = append(all, h.come(""))
	}
	if err := h.agree(all[0]); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		h.come("")
		for j, v := range all {
			if gone := j > 0 && j <= i+1; (v.left != nil) != gone || gone && v.left != errPruned {
				t.Fatalf("after %d more, number %d left with %v", i+1, j, v.left)
			}
		}
	}
	if err := h.agree(all[1]); err != errPruned {
		t.Errorf("its handshake was done too late: %v", err)
	}
}

func TestRandomUnusedMakesWay(t *testing.T) {
	friend := netip.MustParseAddr("192.0.2.1")
	h := newHall(t, Limits{Inbound: 10, Exempt: func(a netip.Addr) bool { return a == friend }})
	all := []*visitor{h.come("192.0.2.1"), h.come("")}
	all[1].used = true
	for range 8 {
		all = append(all, h.come(""))
	}
	for _, v := range all {
		if err := h.agree(v); err != nil {
			t.Fatal(err)
		}
	}
	if !h.full() {
		t.Error("10 of 10 places are taken")
	}
	pruned := make(map[int]bool)
	for range 100 {
		h.now = h.now.Add(pruneEvery)
		if err := h.agree(h.come("")); err != nil {
			t.Fatal(err)
		}
		late := h.come("")
		h.now = h.now.Add(pruneEvery - 1)
		if err := h.agree(late); err != errFull {
			t.Errorf("a second one within 5 s: %v", err)
		}
		h.release(late.place)
		if n := len(h.agreed); n != 10 {
			t.Fatalf("%d connections", n)
		}
		for i, v := range all {
			if v.left == errPruned && v.told {
				pruned[i] = true
			}
		}
	}
	if all[0].left != nil || all[1].left != nil {
		t.Error("one that is configured or in use made way")
	}
	for i := 2; i < len(all); i++ {
		if !pruned[i] {
			t.Errorf("number %d is still there after 100 draws", i)
		}
	}
	// A configured peer does not wait.
	if err := h.agree(h.come("192.0.2.1")); err != nil {
		t.Error(err)
	}
	if err := h.agree(h.come("192.0.2.1")); err != nil {
		t.Error(err)
	}
}

// Where all are in use, nobody makes way, but a configured peer gets in.
func TestNoneMakesWay(t *testing.T) {
	friend := netip.MustParseAddr("192.0.2.1")
	h := newHall(t, Limits{Inbound: 1, Exempt: func(a netip.Addr) bool { return a == friend }})
	v := h.come("")
	v.used = true
	for _, test := range []struct {
		v    *visitor
		want error
	}{{v, nil}, {h.come(""), errFull}, {h.come("192.0.2.1"), nil}} {
		if err := h.agree(test.v); err != test.want {
			t.Errorf("%v, want %v", err, test.want)
		}
	}
	if v.left != nil {
		t.Error(v.left)
	}
}

// A configured peer does not make way, nor can it go beyond all bounds.
func TestExemptIsBounded(t *testing.T) {
	friend := netip.MustParseAddr("192.0.2.1")
	h := newHall(t, Limits{Inbound: 10, Exempt: func(a netip.Addr) bool { return a == friend }})
	first, other := h.come("192.0.2.1"), h.come("")
	for range 10 + HandshakePlaces - 1 {
		if err := h.agree(h.come("192.0.2.1")); err != nil {
			t.Fatal(err)
		}
	}
	if first.left != nil || other.left != errPruned {
		t.Errorf("the configured peer left with %v, the other one with %v", first.left, other.left)
	}
	for _, address := range []string{"192.0.2.1", ""} {
		if _, err := h.try(address); err != errFull {
			t.Errorf("one more from %q: %v", address, err)
		}
	}
}

func TestPlacesPerAddress(t *testing.T) {
	h := newHall(t, Limits{Exempt: func(a netip.Addr) bool { return a == netip.MustParseAddr("192.0.2.9") }})
	for _, test := range []struct {
		address string
		most    int
	}{
		{"192.0.2.1", 8}, {"::ffff:192.0.2.1", 0}, {"192.0.2.2", 8},
		{"2001:db8::1", 8}, {"2001:db8::2", 8}, {"2001:db8::3", 0}, {"2001:db8:0:1::1", 8},
		{"fe80::1%a", 8}, {"fe80::1%b", 0},
		{"192.0.2.9", 100}, {"none", 100},
	} {
		for i := range 100 {
			_, err := h.try(test.address)
			if want := i >= test.most; (err != nil) != want || want && err != errCrowded {
				t.Errorf("number %d of %s: %v", i+1, test.address, err)
			}
		}
	}
	h = newHall(t, Limits{PerAddress: -1})
	for range 100 {
		h.come("192.0.2.1")
	}
}

// Whatever comes and goes, nothing of it is left in the end, and bounds hold.
func TestPlacesForRandomVisitors(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for seed := range 50 {
		h := newHall(t, Limits{Inbound: 1 + r.IntN(20), PerAddress: 1 + r.IntN(4)})
		var inside []*visitor
		for range 500 {
			h.now = h.now.Add(time.Duration(r.IntN(3)) * time.Second)
			switch r.IntN(4) {
			case 0, 1:
				v, err := h.try(fmt.Sprintf("2001:db8::%d:%d", r.IntN(20), r.IntN(3)))
				if err == nil {
					inside = append(inside, v)
				} else if !errors.Is(err, errCrowded) {
					t.Fatal(err)
				}
			case 2:
				if len(inside) > 0 {
					v := inside[r.IntN(len(inside))]
					if v.idle == nil && h.agree(v) != nil {
						h.release(v.place)
					}
				}
			case 3:
				if len(inside) > 0 {
					h.release(inside[r.IntN(len(inside))].place)
				}
			}
			if a, f := len(h.agreed), len(h.fresh); a > h.limits.Inbound || a+f > h.limits.Inbound+HandshakePlaces {
				t.Fatalf("seed %d: %d and %d connections", seed, a, f)
			}
		}
		for _, v := range inside {
			h.release(v.place)
			h.release(v.place)
		}
		if len(h.fresh)+len(h.agreed)+len(h.counts) != 0 {
			t.Fatalf("seed %d: %v, %v and %v are left", seed, h.fresh, h.agreed, h.counts)
		}
	}
}

func TestLimitsComplete(t *testing.T) {
	if _, err := (Limits{Inbound: -1}).complete(); err == nil {
		t.Error("a negative number is taken")
	}
	if l, err := (Limits{}).complete(); err != nil || l.Inbound != 512 || l.PerAddress != 8 {
		t.Errorf("%+v, %v", l, err)
	}
}
