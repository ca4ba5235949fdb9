package handshake_test

import (
	"bytes"
	"testing"

	"github.com/ouronet/ouronet/handshake"
)

// FuzzDecodeData holds that data of a version has one encoding, the one that is
// read, and that a version which is not known has none.
func FuzzDecodeData(f *testing.F) {
	for _, v := range []handshake.Version{handshake.V14, handshake.V15, handshake.V16} {
		for _, d := range []handshake.Data{{}, {Magic: 764824073, InitiatorOnly: true}, {Magic: 1, PeerSharing: true, Query: true}} {
			f.Add(d.AppendCBOR(nil, v), uint16(v))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, version uint16) {
		v := handshake.Version(version)
		d, err := handshake.DecodeData(raw, v)
		if err != nil {
			return
		}
		if v < handshake.V14 || v > handshake.V16 {
			t.Errorf("version %d has data %x", v, raw)
		}
		again, err := handshake.DecodeData(d.AppendCBOR(nil, v), v)
		if err != nil || again != d || len(raw) < len(d.AppendCBOR(nil, v)) {
			t.Errorf("%x is %+v, and that %+v, %v", raw, d, again, err)
		}
	})
}

// FuzzNegotiate holds two proposals against each other: both sides of a
// simultaneous open come to the same, which is in both tables and is the highest
// version there is. (handshake, 6)
func FuzzNegotiate(f *testing.F) {
	for _, a := range []handshake.Data{{Magic: 1}, {Magic: 1, InitiatorOnly: true}, {Magic: 2, PeerSharing: true}} {
		for _, versions := range [][]handshake.Version{nil, {handshake.V16}, {handshake.V14, handshake.V16}} {
			f.Add(handshake.ProposeVersions{Table: handshake.Versions(a)}.AppendCBOR(nil),
				handshake.ProposeVersions{Table: handshake.Versions(handshake.Data{Magic: 1}, versions...)}.AppendCBOR(nil))
		}
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		one, err := handshake.ProposeVersions{}.Decode(a)
		if err != nil {
			return
		}
		two, err := handshake.ProposeVersions{}.Decode(b)
		if err != nil {
			return
		}
		ours, theirs := one.(handshake.ProposeVersions).Table, two.(handshake.ProposeVersions).Table
		here, refusal := handshake.Negotiate(ours, theirs)
		there, refusalThere := handshake.Negotiate(theirs, ours)
		if here != there || (refusal == nil) != (refusalThere == nil) {
			t.Fatalf("%+v, %v here, %+v, %v there", here, refusal, there, refusalThere)
		}
		best := handshake.Version(0)
		for _, x := range ours {
			for _, y := range theirs {
				if x.Version == y.Version {
					best = max(best, x.Version)
				}
			}
		}
		switch {
		case refusal == nil && here.Version != best:
			t.Errorf("version %d is agreed on, %d is the highest", here.Version, best)
		case refusal != nil && (best == 0) != (refusal.Reason == handshake.VersionMismatch):
			t.Errorf("refused for %v, the highest version is %d", refusal, best)
		case refusal != nil:
			msg := handshake.Refuse{Refusal: *refusal}
			got, err := handshake.Refuse{}.Decode(msg.AppendCBOR(nil))
			if err != nil || !bytes.Equal(got.AppendCBOR(nil), msg.AppendCBOR(nil)) {
				t.Errorf("refusal %+v is read as %+v, %v", refusal, got, err)
			}
		}
	})
}
