package main

import (
	"bytes"
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/leak"
	"github.com/ouronet/ouronet/internal/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// known is a peersharing.Source.
type known []netip.AddrPort

func (k known) Peers(_ context.Context, amount int) ([]netip.AddrPort, error) {
	return k[:min(amount, len(k))], nil
}

func TestPeers(t *testing.T) {
	leak.Check(t)
	peers := known{netip.MustParseAddrPort("192.0.2.1:3001"), netip.MustParseAddrPort("[2001:db8::1]:3002"), netip.MustParseAddrPort("192.0.2.3:1")}
	address := testnode.Loopback(t, node.Config{Network: ledger.Preview, PeerSharing: true, Sources: &node.Sources{PeerSharing: peers}})
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-network", "preview", "-amount", "2", address}, &out); err != nil {
		t.Fatal(err)
	}
	if want := "192.0.2.1:3001\n[2001:db8::1]:3002\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestNotSharing(t *testing.T) {
	address := testnode.Loopback(t, node.Config{Network: ledger.Preview})
	err := run(t.Context(), []string{"-network", "preview", address}, new(bytes.Buffer))
	if err == nil || !strings.Contains(err.Error(), "does not share") {
		t.Errorf("got %v", err)
	}
}
