package mux

import (
	"slices"
	"testing"

	"github.com/ouronet/ouronet/internal/segment"
)

// One channel of each class; the numbers tell them apart.
const control, fresh, bulk = 8, 4, 3

func classMux(t *testing.T) (*Mux, [classes]*Channel) {
	m, c := idleMux(t, 0, control, fresh, bulk)
	c[1].SetClass(Fresh)
	c[2].SetClass(Bulk)
	return m, [classes]*Channel(c)
}

func send(t *testing.T, c *Channel, n int) {
	t.Helper()
	if err := c.Send(t.Context(), nil, make([]byte, n)); err != nil {
		t.Fatal(err)
	}
}

// What is urgent goes before what has been queued for longer, from the next
// batch on.
func TestUrgentGoesFirst(t *testing.T) {
	m, c := classMux(t)
	send(t, c[Bulk], lead+10*segment.Usual)
	for c[Bulk].out.lead > 0 {
		fill(m)
	}
	send(t, c[Fresh], 100)
	send(t, c[Control], 10)
	_, got := fill(m)
	if want := [][2]int{{control, 10}, {fresh, 100}, {bulk, segment.Usual}, {bulk, segment.Usual}, {bulk, segment.Usual}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Four segments of control pass one of transactions, and eight one of blocks.
func TestPatience(t *testing.T) {
	for class, want := range map[Class]int{Fresh: 4, Bulk: 8} {
		_, c := classMux(t)
		var s schedule
		s.turns[Control].push(c[Control])
		s.turns[class].push(c[class])
		for turn := range 3 {
			n := 0
			for ; s.next() == Control; n++ {
				s.served(Control, segment.Usual)
			}
			if s.served(class, segment.Usual); n != want {
				t.Errorf("turn %d of class %d after %d segments, want %d", turn, class, n, want)
			}
		}
	}
}

// A class always has its share, however much there is of the others: a ninth for
// Bulk, and at least a fifth of the rest for Fresh.
func TestNoClassStarves(t *testing.T) {
	for _, small := range []bool{false, true} {
		m, c := classMux(t)
		send(t, c[Bulk], lead)
		for c[Bulk].out.bytes > 0 {
			fill(m)
		}
		sent, total := map[int]int{}, 0
		for total < 100*patience[Bulk] {
			for _, c := range c {
				for n := 100; c.out.bytes < 3*segment.Usual && (c.out.bytes == 0 || m.unwritten[c.out.class]+segment.Usual <= c.out.class.EgressMark()); {
					if c.out.class != Control || !small {
						n = segment.Usual
					}
					send(t, c, n)
				}
				if c.out.class == Bulk {
					c.out.lead = 0
				}
			}
			_, got := fill(m)
			for _, s := range got {
				sent[s[0]] += s[1]
				total += s[1]
			}
		}
		if share := total / sent[bulk]; share != 9 {
			t.Errorf("bulk has a %dth: %v", share, sent)
		}
		if share := (total - sent[bulk]) / sent[fresh]; share > 5 {
			t.Errorf("fresh has a %dth of the rest: %v", share, sent)
		}
		if sent[control] < sent[fresh] || sent[fresh] < sent[bulk] {
			t.Errorf("order is upside down: %v", sent)
		}
	}
}

// The first block after a rest is as urgent as its header was; what follows
// while it is queued is bulk.
func TestFirstBlockIsUrgent(t *testing.T) {
	m, c := classMux(t)
	send(t, c[Fresh], 5*segment.Usual)
	fill(m)
	send(t, c[Bulk], 90_000)
	n, got := 0, drainQueue(m)
	for i, s := range got {
		if s[0] == fresh && slices.ContainsFunc(got[i:], func(s [2]int) bool { return s[0] == bulk }) {
			n += s[1]
		}
	}
	if n > 2*segment.Usual { // its fifth
		t.Errorf("%d bytes of transactions went before the block", n)
	}

	send(t, c[Bulk], 90_000)
	for range 10 { // a peer that catches up
		fill(m)
		for m.unwritten[Bulk]+20_000 <= Bulk.EgressMark() {
			send(t, c[Bulk], 20_000)
		}
	}
	send(t, c[Fresh], segment.Usual)
	if _, got := fill(m); got[0][0] != fresh {
		t.Errorf("old blocks went before a transaction: %v", got)
	}
}
