package main

import (
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// The time that is left follows from the pace since the first report, and lines about it
// do not come more often than each 10 s.
func TestResumeProgress(t *testing.T) {
	var p progress
	start := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		after time.Duration
		at    uint64
		left  time.Duration
		due   bool
	}{
		{time.Second, 500_000, 0, true},
		{2 * time.Second, 520_000, 0, false},
		{11 * time.Second, 700_000, 15 * time.Second, true}, // 20,000 a second
		{20 * time.Second, 900_000, 0, false},
		{21 * time.Second, 900_000, 5 * time.Second, true},
		{31 * time.Second, 1_000_000, 0, true},
	} {
		left, due := p.report(ledger.BlockNo(test.at), 1_000_000, start.Add(test.after))
		if left.Round(time.Millisecond) != test.left || due != test.due {
			t.Errorf("after %v at block %d: %v left, told %v", test.after, test.at, left, due)
		}
	}
}
