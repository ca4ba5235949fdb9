package main

import (
	"testing"
	"time"
)

func TestParseBytes(t *testing.T) {
	for s, want := range map[string]int64{
		"1": 1, "1048576": 1 << 20, "1GiB": 1 << 30, "512 MiB": 512 << 20, "3kB": 3000, "2TB": 2e12, "7B": 7,
	} {
		if got, err := parseBytes(s); err != nil || got != want {
			t.Errorf("%q: %d, %v, want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "0", "-1", "1.5GiB", "1Gb", "GiB", "9999999999GiB", "1 1"} {
		if got, err := parseBytes(s); err == nil {
			t.Errorf("%q: %d, want an error", s, got)
		}
	}
}

func TestForPeople(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{count(0), "0"}, {count(999), "999"}, {count(1000), "1,000"}, {count(1234567), "1,234,567"}, {count(-1234), "-1,234"}, {count(-123), "-123"},
		{plural(1, "block"), "1 block"}, {plural(0, "block"), "0 blocks"}, {plural(2000, "block"), "2,000 blocks"},
		{size(0), "0 B"}, {size(9999), "9,999 B"}, {size(12345), "12 kB"}, {size(1.26e6), "1.3 MB"}, {size(2e9), "2.0 GB"},
		{span(0), "0s"}, {span(90 * time.Second), "1m 30s"}, {span(3 * time.Hour), "3h 0m"},
		{span(50 * time.Hour), "2d 2h"}, {span(400 * 24 * time.Hour), "1y 35d"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestMeter(t *testing.T) {
	var m meter
	start := time.Unix(0, 0)
	for i, test := range []struct {
		at            time.Duration
		blocks, bytes int64
		wantB, wantS  float64
	}{
		{0, 0, 0, 0, 0},
		{time.Second, 100, 1000, 100, 1000},
		{5 * time.Second, 100, 1000, 20, 200},
		{6 * time.Second, 100, 1000, 0, 0}, // the burst is out of the window
		{7 * time.Second, 112, 1060, 2, 10},
	} {
		b, s := m.add(start.Add(test.at), test.blocks, test.bytes)
		if b != test.wantB || s != test.wantS {
			t.Errorf("%d: %v blocks/s, %v bytes/s, want %v, %v", i, b, s, test.wantB, test.wantS)
		}
	}
}
