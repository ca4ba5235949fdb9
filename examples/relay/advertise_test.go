package main

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestAdvertised(t *testing.T) {
	got, err := advertised(t.Context(), []string{"198.51.100.7:3001", "[2001:db8::1]:3002"})
	want := []netip.AddrPort{netip.MustParseAddrPort("198.51.100.7:3001"), netip.MustParseAddrPort("[2001:db8::1]:3002")}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for address, reason := range map[string]string{
		"127.0.0.1:3001": ": 127.0.0.1 is not routable",
		"10.0.0.1:3001":  "public address",
		"relay.example":  "give HOST:PORT",
		"1.1.1.1:0":      "port from 1",
		":3001":          "give a host",
	} {
		exit, _, stderr := runProgram(t, "-network", "preview", "-advertise", address)
		if exit != 2 || !strings.Contains(stderr, "advertise") || !strings.Contains(stderr, reason) {
			t.Errorf("-advertise %s: exit code %d, %s, want %q", address, exit, stderr, reason)
		}
	}
}
