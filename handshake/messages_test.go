package handshake_test

import (
	"encoding/hex"
	"testing"

	"github.com/ouronet/ouronet/conformance/messagetest"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/protocol"
)

// Version data of (examples, 2).
const (
	v1 = "841a2d964a09f401f4"
	v2 = "8401f500f4"
	v3 = "8402f401f5"
	v4 = "851a2d964a09f401f4f4"
)

func entry(t testing.TB, v handshake.Version, data string) handshake.Entry {
	return handshake.Entry{Version: v, Raw: golden.Bytes(t, data)}
}

// cases has the messages of (examples, 2), and others that are refused.
func cases(t testing.TB) messagetest.Cases {
	both := handshake.Table{entry(t, 14, v1), entry(t, 15, v1)}
	return messagetest.Cases{Spec: handshake.Spec(), Examples: []messagetest.Example{
		{"H1", "8200a20e" + v1 + "0f" + v1, handshake.ProposeVersions{Table: both}},
		{"H1 as a reply", "8200a20e" + v1 + "0f" + v1, handshake.ReplyVersions{Table: both}},
		{"H2", "8200a30e" + v1 + "0f" + v1 + "10851a2d964a09f401f4f5",
			handshake.ProposeVersions{Table: append(both[:2:2], entry(t, 16, "851a2d964a09f401f4f5"))}},
		{"H3", "8200a0", handshake.ProposeVersions{}},
		{"H4", "83010f" + v1, handshake.AcceptVersion{Entry: entry(t, 15, v1)}},
		{"H5", "83010e" + v2, handshake.AcceptVersion{Entry: entry(t, 14, v2)}},
		{"H6", "830110" + v4, handshake.AcceptVersion{Entry: entry(t, 16, v4)}},
		{"H7", "82028200820e0f", handshake.Refuse{Refusal: handshake.Refusal{Versions: []uint64{14, 15}}}},
		{"H8", "820283010f686261642064617461", handshake.Refuse{Refusal: handshake.Refusal{
			Reason: handshake.HandshakeDecodeError, Version: 15, Text: "bad data"}}},
		{"H9", "820283020f6b77726f6e67206d61676963", handshake.Refuse{Refusal: handshake.Refusal{
			Reason: handshake.Refused, Version: 15, Text: "wrong magic"}}},
		{"H10", "8203a20e" + v1 + "0f" + v1, handshake.QueryReply{Table: both}},
	}, Readings: []messagetest.Example{
		{"numbers that only a newer node knows", "8202820083070f1a00010000", handshake.Refuse{
			Refusal: handshake.Refusal{Versions: []uint64{7, 15, 65536}}}},
	}, Refused: []messagetest.Refused{
		{"N1: keys descending", "8200a20f" + v1 + "0e" + v1, handshake.ProposeVersions{}},
		{"N2: key twice", "8200a20e" + v1 + "0e" + v1, handshake.ProposeVersions{}},
		{"N3: indefinite map", "8200bf0e" + v1 + "ff", handshake.ProposeVersions{}},
		{"N4: array of 3", "8300a10e" + v1 + "00", handshake.ProposeVersions{}},
		{"N9: version 13 accepted", "83010d" + v1, handshake.AcceptVersion{}},
		{"accepted without data", "82010f", handshake.AcceptVersion{}},
		{"key that is no integer", "8200a1610e" + v1, handshake.ProposeVersions{}},
		{"unknown version with half an item", "8200a10782", handshake.ProposeVersions{}},
		{"indefinite message", "9f00a0ff", handshake.ProposeVersions{}},
		{"unknown reason", "8202820300", handshake.Refuse{}},
		{"decode error of version 13", "820283010d60", handshake.Refuse{}},
		{"refused version 13", "820283020d60", handshake.Refuse{}},
		{"indefinite list of versions", "820282009f0eff", handshake.Refuse{}},
		{"indefinite reason", "82029f0080ff", handshake.Refuse{}},
		{"reason without text", "820282010f", handshake.Refuse{}},
		{"query reply, keys descending", "8203a20f" + v1 + "0e" + v1, handshake.QueryReply{}},
	}}
}

func TestMessages(t *testing.T) {
	if err := cases(t).Check(); err != nil {
		t.Error(err)
	}
}

func TestGoldenData(t *testing.T) {
	const mainnet, preprod, preview = 764824073, 1, 2
	for _, g := range []struct {
		id, hex  string
		versions []handshake.Version
		data     handshake.Data
	}{
		{"V1", v1, []handshake.Version{14, 15}, handshake.Data{Magic: mainnet, PeerSharing: true}},
		{"V2", v2, []handshake.Version{14, 15}, handshake.Data{Magic: preprod, InitiatorOnly: true}},
		{"V3", v3, []handshake.Version{14, 15}, handshake.Data{Magic: preview, PeerSharing: true, Query: true}},
		{"V4", v4, []handshake.Version{16}, handshake.Data{Magic: mainnet, PeerSharing: true}},
	} {
		for _, v := range g.versions {
			if got := hex.EncodeToString(g.data.AppendCBOR(nil, v)); got != g.hex {
				t.Errorf("%s: encoded %s, want %s", g.id, got, g.hex)
			}
			if got, err := handshake.DecodeData(golden.Bytes(t, g.hex), v); err != nil || got != g.data {
				t.Errorf("%s: decoded %+v, %v; want %+v", g.id, got, err, g.data)
			}
		}
	}
}

func TestDecodeDataRefuses(t *testing.T) {
	for _, test := range []struct {
		name, hex string
		version   handshake.Version
	}{
		{"peer sharing as a bool (N5)", "841a2d964a09f4f5f4", 15},
		{"peer sharing 2", "841a2d964a09f402f4", 15},
		{"five elements under 15 (N6)", v4, 15},
		{"four elements under 16", v1, 16},
		{"magic of 33 bits (N7)", "841b0000000100000000f401f4", 15},
		{"indefinite (N8)", "9f1a2d964a09f401f4ff", 15},
		{"initiator only as a number", "841a2d964a090001f4", 15},
		{"query as a number", "841a2d964a09f40100", 15},
		{"more after it", v1 + "00", 15},
		{"nothing", "", 15},
		{"unknown version", "80", 13},
	} {
		if got, err := handshake.DecodeData(golden.Bytes(t, test.hex), test.version); err == nil && test.version != 13 {
			t.Errorf("%s: decoded %+v", test.name, got)
		}
	}
}

// What is kept of a refusal does not grow with what a peer puts into it.
func TestDecodeKeepsLittleText(t *testing.T) {
	msg := handshake.Refuse{Refusal: handshake.Refusal{Reason: handshake.Refused, Version: 15, Text: string(make([]byte, 4000))}}
	got, err := handshake.Refuse{}.Decode(msg.AppendCBOR(nil))
	if err != nil || len(got.(handshake.Refuse).Refusal.Text) != 1024 {
		t.Errorf("%v, %v", got, err)
	}
}

// Negotiating a decoded proposal does not panic, and ends with either an agreement or
// a refusal.
func FuzzDecode(f *testing.F) {
	f.Add(golden.Bytes(f, "8200a407800d61780e"+v1+"0f"+v1))
	cases(f).Fuzz(f, func(t *testing.T, msg protocol.Message) {
		if m, ok := msg.(handshake.ProposeVersions); ok {
			ours := handshake.Versions(handshake.Data{Magic: 1}, 14, 15, 16)
			agreed, refusal := handshake.Negotiate(ours, m.Table)
			if (refusal == nil) != (agreed.Version != 0) {
				t.Errorf("%v: agreed %v and refused %v", m, agreed, refusal)
			}
		}
	})
}
