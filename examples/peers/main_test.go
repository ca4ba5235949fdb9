package main

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/clitest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

func TestPeers(t *testing.T) {
	testenv.CheckLeaks(t)
	peers := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:3001"), netip.MustParseAddrPort("[2001:db8::1]:3002"), netip.MustParseAddrPort("192.0.2.3:1")}
	address := nodetest.ServePeer(t, chaintest.Peer{Addresses: peers, Config: node.Config{Network: ledger.Preview}}).Addr
	var out, errs bytes.Buffer
	if exit := program.Run(t.Context(), []string{"-network", "preview", "-amount", "2", address}, &out, &errs); exit != 0 {
		t.Fatalf("exit status %d, %s", exit, errs.String())
	}
	if want := "192.0.2.1:3001\n[2001:db8::1]:3002\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// A node that shares none is not taken for a program that does nothing.
func TestNone(t *testing.T) {
	testenv.CheckLeaks(t)
	address := nodetest.Loopback(t, node.Config{Network: ledger.Preview, PeerSharing: true})
	var out, errs bytes.Buffer
	exit := program.Run(t.Context(), []string{"-network", "preview", address}, &out, &errs)
	if want := address + " gave no address\n"; exit != 0 || out.Len() > 0 || errs.String() != want {
		t.Errorf("exit status %d, %q, %q; want 0 and %q", exit, out.String(), errs.String(), want)
	}
}

func TestCalls(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Calls(t, program.Run, clitest.Names(t))
}

func TestInterrupted(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Interrupt(t, program.Run, 1, "peers: interrupted\n", "{mute}")
}

// What keeps the program waiting is said.
func TestSaysWhyItWaits(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Waits(t, program, "peers: waiting for {mute}\n", "{mute}")
}
