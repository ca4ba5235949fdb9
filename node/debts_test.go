package node

import (
	"net/netip"
	"testing"
	"time"
)

// What is owed is kept until it is paid, the most of all connections, of no more than
// so many networks.
func TestDebts(t *testing.T) {
	now := time.Unix(1e9, 0)
	in := func(s ...int) (due [paces]time.Time) {
		for i, s := range s {
			due[i] = now.Add(time.Duration(s) * time.Second)
		}
		return due
	}
	network := func(i int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 32)
	}
	var d debts
	d.add(network(1), in(0, 0, 0, 0), now)
	d.add(network(1), [paces]time.Time{}, now)
	if len(d) != 0 {
		t.Errorf("keeps %v", d)
	}
	d.add(network(1), in(5, 0, 9, 1), now)
	d.add(network(2), in(3, 0, 0, 0), now)
	d.add(network(1), in(4, 2, 0, 2), now)
	if got := d.of(network(1)); got != in(5, 2, 9, 2) || d.of(network(2)) != in(3, 0, 0, 0) || d.of(network(3)) != (debt{}).due {
		t.Errorf("got %v", d)
	}
	now = now.Add(8 * time.Second)
	d.add(network(3), in(1, 0, 0, 0), now)
	if len(d) != 2 || d.of(network(2)) != (debt{}).due {
		t.Errorf("what is paid is kept: %v", d)
	}
	for i := range 3 * maxDebts {
		d.add(network(i+10), in(9, 9, 9, 9), now)
	}
	if len(d) != maxDebts || d.of(network(3*maxDebts+9)) != in(9, 9, 9, 9) {
		t.Errorf("keeps %d", len(d))
	}
}

// What a connection owes when it ends is no more than what was free.
func TestOwesWhatWasFree(t *testing.T) {
	now := time.Unix(1e9, 0)
	c := new(Conn)
	for i, p := range c.paces() {
		*p = pace{every: time.Duration(i+1) * time.Second, free: 10, due: now.Add(time.Duration(i) * 15 * time.Second)}
	}
	for i, due := range c.owes(now) {
		if want := time.Duration(min(15*i, 10*(i+1))) * time.Second; due.Sub(now) != want {
			t.Errorf("pace %d: owes %v, want %v", i, due.Sub(now), want)
		}
	}
}

// An exempt peer does not pay for its neighbours.
func TestExemptOwesNothing(t *testing.T) {
	friend := netip.MustParseAddr("2001:db8::9")
	h := newHall(t, Limits{Exempt: func(a netip.Addr) bool { return a == friend }})
	greedy, other, exempt := h.come("2001:db8::1"), h.come("2001:db8::2"), h.come(friend.String())
	due := [paces]time.Time{h.now.Add(time.Second)}
	h.remember(greedy.place, due, h.now)
	if got := h.owed(other.place); got != due {
		t.Errorf("a neighbour owes %v", got)
	}
	if got := h.owed(exempt.place); got != (debt{}).due {
		t.Errorf("an exempt one owes %v for a neighbour", got)
	}
	h.remember(exempt.place, [paces]time.Time{h.now.Add(time.Hour)}, h.now)
	if got := h.owed(other.place); got != due {
		t.Errorf("a neighbour owes %v for an exempt one", got)
	}
}
