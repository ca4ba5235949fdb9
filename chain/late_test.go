package chain

import (
	"testing"
	"time"
)

// When to look whether a peer is late holds for one block of one range: for the next
// block, and for the first of another range, it is found anew.
func TestPaceIsOfOneBlock(t *testing.T) {
	s, other := &span{next: 1, sentAt: time.Second}, &span{next: 1, sentAt: time.Minute}
	x := pace{s, 1, time.Hour}
	if got := x.of(s); got != x {
		t.Errorf("the same block: %+v", got)
	}
	if got, want := x.of(other), (pace{other, 1, time.Minute + lateSlack}); got != want {
		t.Errorf("another range: %+v, want %+v", got, want)
	}
	s.next++
	if got, want := x.of(s), (pace{s, 2, time.Second + lateSlack}); got != want {
		t.Errorf("the next block: %+v, want %+v", got, want)
	}
}
