package vnet

import (
	"math"
	"testing"
	"time"
)

func TestTransmission(t *testing.T) {
	for _, test := range []struct {
		n    int
		rate int64
		want time.Duration
	}{
		{0, 1, 0},
		{1000, 0, 0},
		{1, 1, time.Second},
		{1000, 1000, time.Second},
		{1, 3, 333_333_334}, // rounded up
		{5, 2, 2500 * time.Millisecond},
		{1 << 20, 1 << 20, time.Second},
		{1, math.MaxInt64, 1},
		{math.MaxInt32, 1, math.MaxInt32 * time.Second},
		{math.MaxInt32, math.MaxInt64 / 4, 1},
	} {
		if got := transmission(test.n, test.rate); got != test.want {
			t.Errorf("%d bytes at %d: %v, want %v", test.n, test.rate, got, test.want)
		}
	}
}

// What is sent later arrives later, whatever the stalls.
func TestDelayed(t *testing.T) {
	faults := []Fault{
		{Kind: Stall, At: 10, For: 5},
		{Kind: Partition, At: 12, For: 10},
		{Kind: Stall, At: 3, For: 1},
		{Kind: Stall, At: 22, For: 2},
		{Kind: Reset, At: 30, For: 5},
		{Kind: Stall, At: 50},
		{Kind: Stall, To: "a", At: 5, For: 100},
	}
	spans := stalls(faults, "a", "b")
	want := map[time.Duration]time.Duration{
		2: 2, 3: 4, 4: 4, 6: 6, 9: 9, 10: 24, 14: 24, 15: 24, 21: 24, 22: 24, 24: 24, 31: 31, 49: 49, 50: never, 1000: never, never: never,
	}
	for due, at := range want {
		if got := delayed(due, spans); got != at {
			t.Errorf("due at %d: arrives at %d, want %d", due, got, at)
		}
	}
	for due := range time.Duration(60) {
		if delayed(due, spans) > delayed(due+1, spans) {
			t.Errorf("what is due at %d overtakes what is due before", due+1)
		}
	}
}

// Stalls add up in any order in which they are given.
func TestStallsInAnyOrder(t *testing.T) {
	spans := stalls([]Fault{{Kind: Stall, At: 10, For: 10}, {Kind: Partition, At: 20, For: 5}, {Kind: Stall, At: 0, For: 12}}, "a", "b")
	if got := delayed(5, spans); got != 25 {
		t.Errorf("arrives at %d, want 25", got)
	}
}

// A connection that was under way when its listener closed is refused.
func TestOfferToClosed(t *testing.T) {
	n := New(Config{})
	l, err := n.Host("a").Listen(1)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if l.offer(nil) {
		t.Error("a closed listener took a connection")
	}
}

// Links with absurd values neither overflow nor go back in time.
func TestPacerBounds(t *testing.T) {
	p := pacer{link: Link{Latency: never, Bandwidth: 1, Window: -1, Chunk: -1}.complete()}
	last := time.Duration(0)
	for range 5 {
		at := p.due(time.Hour, math.MaxInt32)
		if at < last {
			t.Fatalf("%v after %v", at, last)
		}
		last = at
	}
}
