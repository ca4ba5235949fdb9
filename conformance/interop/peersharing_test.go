package interop_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/node"
)

func addresses(s ...string) []netip.AddrPort {
	out := make([]netip.AddrPort, len(s))
	for i := range s {
		out[i] = netip.MustParseAddrPort(s[i])
	}
	return out
}

var (
	ipv4 = addresses("192.0.2.7:3001", "198.51.100.9:65535", "203.0.113.200:1")

	// Departure: the words of an IPv6 address are little-endian there, so that
	// each side sees the bytes of the other's words turned round.
	ipv6       = addresses("[2001:db8:102:304:506:708:90a:b0c]:3001")
	ipv6Turned = addresses("[b80d:120:403:201:807:605:c0b:a09]:3001")
)

func TestPeersFromTheirServer(t *testing.T) {
	s := theirServer(t, peer.ServerConfig{PeerSharing: true, Peers: slices.Concat(ipv4, ipv6)})
	cfg := config()
	cfg.PeerSharing = true
	ps := ourClient(t, s.Addr(), cfg).PeerSharing()
	for _, test := range []struct {
		amount uint8
		want   []netip.AddrPort
	}{
		{2, ipv4[:2]},
		{0, nil},
		{255, slices.Concat(ipv4, ipv6Turned)},
	} {
		got, err := ps.Request(limited(t), test.amount)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%d: got %v, %v, want %v", test.amount, got, err, test.want)
		}
	}
	if err := ps.Done(limited(t)); err != nil {
		t.Error(err)
	}
}

// known shares all it has, which is cut to the amount on the way.
type known []netip.AddrPort

func (k known) Peers(context.Context, int) ([]netip.AddrPort, error) { return k, nil }

func TestPeersForTheirClient(t *testing.T) {
	cfg := config()
	cfg.PeerSharing = true
	cfg.Sources = &node.Sources{PeerSharing: known(slices.Concat(ipv4, ipv6))}
	address, _ := ourServer(t, cfg)
	c := theirClient(t, address, peer.ClientConfig{PeerSharing: true})
	for _, test := range []struct {
		amount uint8
		want   []netip.AddrPort
	}{
		{2, ipv4[:2]},
		{9, slices.Concat(ipv4, ipv6Turned)},
	} {
		got, err := c.Peers(limited(t), test.amount)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%d: got %v, %v, want %v", test.amount, got, err, test.want)
		}
	}
}

// Without both sides' consent we have no peer-sharing.
func TestPeerSharingNeedsBoth(t *testing.T) {
	s := theirServer(t, peer.ServerConfig{Peers: ipv4})
	cfg := config()
	cfg.PeerSharing = true
	got, err := ourClient(t, s.Addr(), cfg).PeerSharing().Request(t.Context(), 5)
	if !errors.Is(err, node.ErrNotSharing) || len(got) > 0 {
		t.Errorf("got %v, %v", got, err)
	}
}
