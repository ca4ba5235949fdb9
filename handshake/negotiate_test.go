package handshake_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/golden"
)

func TestNegotiate(t *testing.T) {
	type data = handshake.Data
	raw := func(v handshake.Version, s string) handshake.Table { return handshake.Table{entry(t, v, s)} }
	for _, test := range []struct {
		name           string
		ours, proposed handshake.Table
		version        handshake.Version // 0: refused
		data           data
		reason         handshake.Reason
	}{
		{"highest common version", handshake.Versions(data{Magic: 1}), handshake.Versions(data{Magic: 1}, 14, 15, 16),
			15, data{Magic: 1}, 0},
		{"only the lower one in common", handshake.Versions(data{Magic: 1}, 14), handshake.Versions(data{Magic: 1}),
			14, data{Magic: 1}, 0},
		{"no version in common", handshake.Versions(data{Magic: 1}, 14), handshake.Versions(data{Magic: 1}, 15, 16),
			0, data{}, handshake.VersionMismatch},
		{"empty proposal", handshake.Versions(data{Magic: 1}), nil,
			0, data{}, handshake.VersionMismatch},
		{"other network", handshake.Versions(data{Magic: 1}), handshake.Versions(data{Magic: 2}),
			0, data{}, handshake.Refused},
		{"no falling back from malformed data", handshake.Versions(data{Magic: 1}),
			append(raw(14, "8401f400f4"), raw(15, "8401f4f5f4")...),
			0, data{}, handshake.HandshakeDecodeError},
		{"malformed data that is not needed", handshake.Versions(data{Magic: 1}),
			append(raw(14, "00"), raw(15, "8401f400f4")...),
			15, data{Magic: 1}, 0},
		{"no falling back from another network", handshake.Versions(data{Magic: 1}),
			append(raw(14, "8401f400f4"), raw(15, "8402f400f4")...),
			0, data{}, handshake.Refused},
		{"initiator only if either is", handshake.Versions(data{InitiatorOnly: true}), handshake.Versions(data{}),
			15, data{InitiatorOnly: true}, 0},
		{"peer sharing only if both do", handshake.Versions(data{PeerSharing: true}), handshake.Versions(data{}),
			15, data{}, 0},
		{"peer sharing of an initiator-only side stays", handshake.Versions(data{PeerSharing: true}),
			handshake.Versions(data{InitiatorOnly: true, PeerSharing: true}),
			15, data{InitiatorOnly: true, PeerSharing: true}, 0},
		{"a query of either", handshake.Versions(data{}), handshake.Versions(data{Query: true}),
			15, data{Query: true}, 0},
		{"a query does not excuse another network", handshake.Versions(data{Magic: 1}), handshake.Versions(data{Query: true}),
			0, data{}, handshake.Refused},
		{"Peras only if both", handshake.Versions(data{Peras: true}, 16), handshake.Versions(data{}, 16),
			16, data{}, 0},
		{"Peras of both", handshake.Versions(data{Peras: true}, 16), handshake.Versions(data{Peras: true}, 16),
			16, data{Peras: true}, 0},
		{"no Peras below 16", handshake.Versions(data{Peras: true}), handshake.Versions(data{Peras: true}),
			15, data{}, 0},
	} {
		agreed, refusal := handshake.Negotiate(test.ours, test.proposed)
		switch {
		case test.version != 0:
			if refusal != nil || agreed != (handshake.Agreement{Version: test.version, Data: test.data}) {
				t.Errorf("%s: %+v, %+v", test.name, agreed, refusal)
			}
		case refusal == nil || refusal.Reason != test.reason:
			t.Errorf("%s: %+v, %+v", test.name, agreed, refusal)
		case test.reason == handshake.VersionMismatch:
			if got := numbers(test.ours); !slices.Equal(refusal.Versions, got) {
				t.Errorf("%s: says that it takes %d, not %d", test.name, refusal.Versions, got)
			}
		}
	}
}

func numbers(t handshake.Table) (n []uint64) {
	for _, e := range t {
		n = append(n, uint64(e.Version))
	}
	return n
}

// Both sides of a simultaneous open must find the same, whatever they offer.
func TestNegotiateIsSymmetric(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	side := func() (handshake.Table, handshake.Data) {
		flag := func() bool { return r.IntN(2) == 0 }
		d := handshake.Data{Magic: 1 + uint32(r.IntN(8)/7), InitiatorOnly: flag(), PeerSharing: flag(), Query: flag(), Peras: flag()}
		var table handshake.Table
		for _, v := range []handshake.Version{14, 15, 16} {
			if flag() {
				table = append(table, handshake.Versions(d, v)...)
			}
		}
		if len(table) > 0 && r.IntN(8) == 0 {
			table[r.IntN(len(table))].Raw = []byte{0x00}
		}
		return table, d
	}
	agreed, refused := 0, 0
	for range 5000 {
		a, da := side()
		b, db := side()
		forth, no := handshake.Negotiate(a, b)
		back, no2 := handshake.Negotiate(b, a)
		if (no == nil) != (no2 == nil) || no != nil && no.Reason != no2.Reason || forth != back {
			t.Fatalf("%v with %v: %+v %+v, the other way %+v %+v", a, b, forth, no, back, no2)
		}
		if no != nil {
			refused++
			continue
		}
		agreed++
		want := handshake.Data{
			Magic:         da.Magic,
			InitiatorOnly: da.InitiatorOnly || db.InitiatorOnly,
			PeerSharing:   da.PeerSharing && db.PeerSharing,
			Query:         da.Query || db.Query,
			Peras:         da.Peras && db.Peras && forth.Version >= 16,
		}
		if forth.Data != want {
			t.Fatalf("%+v with %+v: %+v", da, db, forth.Data)
		}
		for _, v := range numbers(a) {
			if slices.Contains(numbers(b), v) && v > uint64(forth.Version) {
				t.Fatalf("%v with %v: %d is not the highest", a, b, forth.Version)
			}
		}
		if forth.Duplex() == want.InitiatorOnly {
			t.Fatal("duplex is not the opposite of initiator only")
		}
	}
	if agreed < 100 || refused < 100 {
		t.Errorf("%d agreements and %d refusals are too few to tell", agreed, refused)
	}
}

func TestVersions(t *testing.T) {
	d := handshake.Data{Magic: 1}
	for _, test := range []struct {
		got  handshake.Table
		want string
	}{
		{handshake.Versions(d), "14, 15"},
		{handshake.Versions(d, 16, 14), "14, 16"},
		{handshake.Versions(d, 13), ""},
	} {
		if test.got.String() != test.want {
			t.Errorf("got %v, want %v", test.got, test.want)
		}
	}
	if !reflect.DeepEqual(handshake.Versions(d)[1].Raw, golden.Bytes(t, "8401f400f4")) {
		t.Errorf("%x", handshake.Versions(d)[1].Raw)
	}
}
