package redial

import (
	"testing"
	"time"
)

func TestPauses(t *testing.T) {
	var p Pauses
	for i, test := range []struct {
		lasted    time.Duration
		permanent bool
		want      time.Duration
	}{
		{0, false, time.Second},
		{0, false, 2 * time.Second},
		{Steady, false, 4 * time.Second},
		{0, false, 8 * time.Second},
		{Steady + 1, false, time.Second},
		{0, true, Longest},
		{0, false, 4 * time.Second},
		{0, false, 8 * time.Second},
		{0, false, 16 * time.Second},
		{0, false, 32 * time.Second},
		{0, false, Longest},
		{0, false, Longest},
		{time.Hour, true, Longest},
		{0, false, 2 * time.Second},
	} {
		if got := p.Next(test.lasted, test.permanent, 0.5); got != test.want {
			t.Errorf("pause %d is %v, want %v", i, got, test.want)
		}
	}
	if p.Failed() != 2 {
		t.Errorf("failed %d times", p.Failed())
	}
	for range 100 {
		p.Next(0, false, 0)
	}
	low, high := p.Next(0, false, 0), p.Next(0, false, 0.999_999_999)
	if low != 54*time.Second || high <= 65*time.Second || high > 66*time.Second {
		t.Errorf("between %v and %v", low, high)
	}
}
