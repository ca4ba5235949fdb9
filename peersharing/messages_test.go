package peersharing_test

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/conformance/messagetest"
	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/peersharing"
)

func addrs(s ...string) (peers []netip.AddrPort) {
	for _, s := range s {
		peers = append(peers, netip.MustParseAddrPort(s))
	}
	return peers
}

// Addresses of (examples, 9).
const (
	r0  = "83001a070200c0190bb9"       // 192.0.2.7:3001
	r0l = "83001a0100007f190bb9"       // 127.0.0.1:3001
	r06 = "86011a20010db8000001190bb9" // [2001:db8::1]:3001
)

// cases has the messages of (examples, 9), and others of the same form.
var cases = messagetest.Cases{Spec: peersharing.Spec(), Examples: []messagetest.Example{
	{"R0", "82019f" + r0 + "ff", peersharing.SharePeers{Peers: addrs("192.0.2.7:3001")}},
	{"R0l", "82019f" + r0l + "ff", peersharing.SharePeers{Peers: addrs("127.0.0.1:3001")}},
	{"R06", "82019f" + r06 + "ff", peersharing.SharePeers{Peers: addrs("[2001:db8::1]:3001")}},
	{"R1", "82000a", peersharing.ShareRequest{Amount: 10}},
	{"R2", "82019f" + r0 + r06 + "ff", peersharing.SharePeers{Peers: addrs("192.0.2.7:3001", "[2001:db8::1]:3001")}},
	{"R2e", "820180", peersharing.SharePeers{}},
	{"R3", "8102", peersharing.Done{}},
	{"all 255", "8200" + "18ff", peersharing.ShareRequest{Amount: 255}},
	{"::1", "82019f" + "860100000001190bb9" + "ff", peersharing.SharePeers{Peers: addrs("[::1]:3001")}},
	{"every octet", "82019f" + "86011a000102031a040506071a08090a0b1a0c0d0e0f01" + "83001a0403020102" + "ff",
		peersharing.SharePeers{Peers: addrs("[1:203:405:607:809:a0b:c0d:e0f]:1", "1.2.3.4:2")}},
}, Readings: []messagetest.Example{
	{"A6: a definite list", "820181" + r0, peersharing.SharePeers{Peers: addrs("192.0.2.7:3001")}},
	{"A7: empty and indefinite", "82019fff", peersharing.SharePeers{}},
	{"IPv4 in IPv6 form", "820181" + "86010000" + "19ffff" + "1ac0000207" + "190bb9", peersharing.SharePeers{Peers: addrs("192.0.2.7:3001")}},
	{"port 0, and 65535 in five bytes", "820182" + "83000000" + "8300001a0000ffff", peersharing.SharePeers{Peers: addrs("0.0.0.0:0", "0.0.0.0:65535")}},
	// One head says one less, another one more: the message ends where its
	// heads say, and the Haskell node does not compare them.
	{"lengths not compared", "830182" + "82001a070200c0190bb9" + r0, peersharing.SharePeers{Peers: addrs("192.0.2.7:3001", "192.0.2.7:3001")}},
	{"wide", "8200190005", peersharing.ShareRequest{Amount: 5}},
}, Refused: []messagetest.Refused{
	{"kind 2", "820181" + "8302000b", peersharing.SharePeers{}},
	{"word of 33 bits", "820181" + "83001b000000010000000000", peersharing.SharePeers{}},
	{"port of 17 bits", "820181" + "8300001a00010000", peersharing.SharePeers{}},
	{"no port", "820181" + "820000", peersharing.SharePeers{}},
	{"address as an indefinite array", "820181" + "9f000000ff", peersharing.SharePeers{}},
	{"message as an indefinite array", "9f0180ff", peersharing.SharePeers{}},
	{"no list", "820100", peersharing.SharePeers{}},
	{"more than the message", "82018000", peersharing.SharePeers{}},
	{"another tag", "820280", peersharing.SharePeers{}},
	{"missing break", "82019f", peersharing.SharePeers{}},
	{"N20: amount 256", "8200190100", peersharing.ShareRequest{}},
	{"no amount", "8100", peersharing.ShareRequest{}},
	{"two amounts", "83000102", peersharing.ShareRequest{}},
}}

func TestMessages(t *testing.T) {
	if err := cases.Check(); err != nil {
		t.Error(err)
	}
}

// What is kept of a message does not grow with what a peer puts into it.
func TestDecodeKeepsLittle(t *testing.T) {
	raw := golden.Bytes(t, "82019f"+strings.Repeat("83000001", 1400)+"ff")
	msg, err := peersharing.SharePeers{}.Decode(raw)
	if err != nil || len(msg.(peersharing.SharePeers).Peers) != 256 {
		t.Errorf("kept %d addresses, %v", len(msg.(peersharing.SharePeers).Peers), err)
	}
}

func TestInvalidAddressesAreNotSent(t *testing.T) {
	m := peersharing.SharePeers{Peers: []netip.AddrPort{{}, netip.MustParseAddrPort("192.0.2.7:3001")}}
	if got := hex.EncodeToString(m.AppendCBOR(nil)); got != "82019f"+r0+"ff" {
		t.Error(got)
	}
}

func FuzzDecode(f *testing.F) { cases.Fuzz(f, nil) }
