package interop_test

import (
	"context"
	"encoding/hex"
	"net"
	"testing"
	"time"

	"github.com/blinklabs-io/gouroboros/cbor"
	"github.com/blinklabs-io/gouroboros/muxer"
	"github.com/blinklabs-io/gouroboros/protocol"
	"github.com/blinklabs-io/gouroboros/protocol/blockfetch"
	"github.com/blinklabs-io/gouroboros/protocol/chainsync"
	"github.com/blinklabs-io/gouroboros/protocol/common"
	"github.com/blinklabs-io/gouroboros/protocol/handshake"
	"github.com/blinklabs-io/gouroboros/protocol/keepalive"
	"github.com/blinklabs-io/gouroboros/protocol/peersharing"
	"github.com/blinklabs-io/gouroboros/protocol/txsubmission"

	"github.com/ouronet/ouronet/conformance/interop/peer"
)

// TestDepartures fails when gouroboros stops departing: then the list in the
// package comment, and what package peer does about it, want another look.
func TestDepartures(t *testing.T) {
	for _, d := range []struct {
		name string
		want any // what gouroboros does
		got  any
		spec any // what the specification says, another value
	}{
		{"words of 2001:db8::1", "8601" + "1ab80d0120" + "00" + "00" + "1a01000000" + "190bb9",
			encode(t, peersharing.PeerAddress{IP: net.ParseIP("2001:db8::1"), Port: 3001}),
			"8601" + "1a20010db8" + "00" + "00" + "01" + "190bb9"},
		{"points of FindIntersect", "82048180", encode(t, chainsync.NewMsgFindIntersect([]common.Point{{}})), "82049f80ff"},
		{"address of 8 elements", true, decodes(peersharing.NewMsgFromCbor, "820181"+"880100000000000000"), false},
		{"definite list of tx ids", true, decodes(txsubmission.NewMsgFromCbor, "820180"), false},
		{"definite list of txs", true, decodes(txsubmission.NewMsgFromCbor, "820380"), false},
		{"indefinite message array", true, decodes(keepalive.NewMsgFromCbor, "9f0007ff"), false},
		{"versions out of order", true, decodes(handshake.NewMsgFromCbor, "8200a2"+"0f841a2d964a09f400f4"+"0e841a2d964a09f400f4"), false},
		{"lowest version proposed", uint16(7), protocol.GetProtocolVersionsNtN()[0], uint16(14)},
		{"largest segment", 65535, muxer.SegmentMaxPayloadLength, 12288},
		{"chain-sync StIdle", 3673 * time.Second, chainsync.IdleTimeout, 3373 * time.Second},
		{"chain-sync StMustReply from", 135 * time.Second, chainsync.MustReplyTimeoutMin, 601 * time.Second},
		{"chain-sync StMustReply to", 269 * time.Second, chainsync.MustReplyTimeoutMax, 911 * time.Second},
		{"chain-sync limit", 462000, chainsync.MaxPendingMessageBytes, 65535},
		{"block-fetch StBusy limit", 2500000, blockfetch.BusyMaxPendingMessageBytes, 65535},
		{"keep-alive period", 60, keepalive.DefaultKeepAlivePeriod, 10},
		{"keep-alive StServer", 10, keepalive.DefaultKeepAliveTimeout, 60},
	} {
		if d.got != d.want {
			t.Errorf("%s: gouroboros has %v, had %v", d.name, d.got, d.want)
		}
		if d.want == d.spec {
			t.Errorf("%s: no departure", d.name)
		}
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	b, err := cbor.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b)
}

// decodes reports whether a message passes.
func decodes(decode protocol.MessageFromCborFunc, message string) bool {
	b, err := hex.DecodeString(message)
	if err != nil {
		return false
	}
	_, err = decode(uint(b[1]), b) // all tags are below 24
	return err == nil
}

// Negotiation should combine: initiator-only if either side says so, peer
// sharing if both do. (handshake, 6)
func TestNegotiatedDataIsNotCombined(t *testing.T) {
	s, err := peer.Listen(peer.ServerConfig{Magic: 42, Duplex: true, PeerSharing: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c, err := peer.Dial(ctx, s.Addr(), peer.ClientConfig{Magic: 42})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, data := c.Negotiated(); data.DiffusionMode() == protocol.DiffusionModeInitiatorOnly || !data.PeerSharing() {
		t.Errorf("accepted with %+v: gouroboros used to send its own data", data)
	}
}
