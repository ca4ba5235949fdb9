package ledger

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/crypto/forge"
)

// item is one item of a header, for a test to put in the place of another.
type item []byte

func uintItem(v uint64) item  { return cbor.AppendUint(nil, v) }
func bytesItem(b []byte) item { return cbor.AppendBytes(nil, b) }

// plainHeader returns the header that testHeader makes, in items: those of the
// header body, certificate and version of Praos included as one item each, then
// the signature.
func plainHeader(t *testing.T, era Era) []item {
	t.Helper()
	prev := Hash{7}
	r := cbor.NewReader(testHeader(shelleyTestBody(era), &prev))
	r.ArrayLen(2)
	r.ArrayLen(shelleyFields(era))
	var items []item
	for range shelleyFields(era) + 1 {
		items = append(items, r.Raw())
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return items
}

func joinHeader(items []item) []byte {
	b := cbor.AppendArray([]byte{0x82}, len(items)-1)
	for _, i := range items {
		b = append(b, i...)
	}
	return b
}

// One field in each other form. What the reference's decoder takes is a header
// with the value that the field then has, and what is signed does not depend on
// the form.
func TestHeaderForms(t *testing.T) {
	const (
		blockNo = iota
		slot
		prev
		issuer
		vrfKey
		vrf
	)
	chunked := func(b []byte) item {
		return slices.Concat([]byte{0x5f, 0x58, byte(len(b))}, b, []byte{0xff})
	}
	wide := func(b []byte) item { return slices.Concat([]byte{0x59, 0, byte(len(b))}, b) }
	for _, era := range []Era{Shelley, Alonzo, Babbage, Conway} {
		items := plainHeader(t, era)
		n := len(items)
		// Places that differ between TPraos and Praos.
		bodySize, bodyHash, major, minor, lead := vrf+2, vrf+3, n-3, n-2, 1
		if era >= Babbage {
			bodySize, bodyHash, lead = vrf+1, vrf+2, 0
		}
		plain := Header{Raw: RawHeader{Era: era, Bytes: joinHeader(items)}}
		want, ok := plain.Shelley()
		if !ok {
			t.Fatal("no header")
		}
		cert := func(output, proof item) item { return slices.Concat([]byte{0x82}, output, proof) }
		output, proof := bytesItem(want.NonceVRF.Output), bytesItem(want.NonceVRF.Proof)
		version := func(major, minor item) item { return slices.Concat([]byte{0x82}, major, minor) }
		tests := []struct {
			name  string
			place int
			to    item
			value func(*ShelleyHeader) // the change of the value; nil: not a header
		}{
			{"block number in two bytes", blockNo, item{0x19, 0x03, 0xe9}, same},
			{"block number in nine bytes", blockNo, item{0x1b, 0, 0, 0, 0, 0, 0, 0x03, 0xe9}, same},
			{"largest block number", blockNo, uintItem(math.MaxUint64), func(s *ShelleyHeader) { s.BlockNo = math.MaxUint64 }},
			{"big block number", blockNo, item{0xc2, 0x42, 0x03, 0xe9}, nil},
			{"negative block number", blockNo, item{0x20}, nil},
			{"largest slot", slot, uintItem(math.MaxUint64), func(s *ShelleyHeader) { s.Slot = math.MaxUint64 }},
			{"null as slot", slot, item{0xf6}, nil},
			{"no previous hash", prev, item{0xf6}, func(s *ShelleyHeader) { s.Prev, s.HasPrev = Hash{}, false }},
			{"previous hash in a wide string", prev, wide(want.Prev[:]), same},
			{"undefined previous hash", prev, item{0xf7}, nil},
			{"null in two bytes", prev, item{0xf8, 0x16}, nil},
			{"empty previous hash", prev, item{0x40}, nil},
			{"previous hash in chunks", prev, chunked(want.Prev[:]), nil},
			{"previous hash of 31 bytes", prev, bytesItem(want.Prev[1:]), nil},
			{"issuer in chunks", issuer, chunked(want.Issuer), nil},
			{"VRF key as text", vrfKey, cbor.AppendText(nil, string(want.VRFKey)), nil},
			{"VRF key of 33 bytes", vrfKey, bytesItem(filled(2, 33)), nil},
			{"VRF certificate with a wide head", vrf, slices.Concat([]byte{0x98, 2}, output, proof), same},
			{"VRF certificate with wide strings", vrf, cert(wide(want.NonceVRF.Output), wide(want.NonceVRF.Proof)), same},
			{"indefinite VRF certificate", vrf, slices.Concat([]byte{0x9f}, output, proof, []byte{0xff}), nil},
			{"indefinite leader certificate", vrf + lead, slices.Concat([]byte{0x9f}, output, proof, []byte{0xff}), nil},
			{"output in chunks", vrf, cert(chunked(want.NonceVRF.Output), proof), nil},
			{"output of 63 bytes", vrf, cert(output[:len(output)-1], proof), nil},
			{"proof of 79 bytes", vrf, cert(output, bytesItem(want.NonceVRF.Proof[1:])), nil},
			{"largest body size", bodySize, uintItem(math.MaxUint32), func(s *ShelleyHeader) { s.BodySize = math.MaxUint32 }},
			{"body size of five bytes", bodySize, uintItem(math.MaxUint32 + 1), nil},
			{"body hash in a wide string", bodyHash, wide(want.BodyHash[:]), same},
			{"body hash of 33 bytes", bodyHash, bytesItem(filled(2, 33)), nil},
			{"signature in a wide string", n - 1, slices.Concat([]byte{0x5a, 0, 0, 1, 0xc0}, want.Signature), same},
			{"signature in chunks", n - 1, slices.Concat([]byte{0x5f, 0x59, 1, 0xc0}, want.Signature, []byte{0xff}), nil},
			{"signature of 447 bytes", n - 1, bytesItem(want.Signature[1:]), nil},
		}
		for _, v := range []struct {
			name         string
			major, minor item
			value        func(*ShelleyHeader)
		}{
			{"wide version", item{0x18, 9}, item{0x18, 1}, same},
			{"version 0.0", item{0}, item{0}, func(s *ShelleyHeader) { s.Major, s.Minor = 0, 0 }},
			{"highest major version", item{13}, item{1}, func(s *ShelleyHeader) { s.Major = 13 }},
			{"major version above it", item{14}, item{1}, nil},
			{"big major version", item{0xc2, 0x41, 9}, item{1}, nil},
			{"large minor version", item{9}, uintItem(math.MaxUint64), func(s *ShelleyHeader) { s.Minor = math.MaxUint64 }},
			{"big minor version", item{9}, item{0xc2, 0x41, 1}, same},
			{"big minor version with zeros", item{9}, item{0xc2, 0x58, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, same},
			{"big minor version of eight bytes", item{9}, item{0xc2, 0x48, 0x80, 0, 0, 0, 0, 0, 0, 0}, func(s *ShelleyHeader) { s.Minor = 1 << 63 }},
			{"empty big minor version", item{9}, item{0xc2, 0x40}, func(s *ShelleyHeader) { s.Minor = 0 }},
			{"minor version of nine bytes", item{9}, item{0xc2, 0x49, 1, 2, 3, 4, 5, 6, 7, 8, 9}, func(s *ShelleyHeader) {
				s.Minor, s.bigMinor = math.MaxUint64, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}
			}},
			{"minor version of nine bytes with zeros", item{9}, item{0xc2, 0x4a, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, func(s *ShelleyHeader) {
				s.Minor, s.bigMinor = math.MaxUint64, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}
			}},
			{"tag in two bytes", item{9}, item{0xd8, 2, 0x41, 1}, nil},
			{"big minor version in chunks", item{9}, item{0xc2, 0x5f, 0x41, 1, 0xff}, nil},
			{"negative minor version", item{9}, item{0x20}, nil},
			{"big negative minor version", item{9}, item{0xc3, 0x41, 1}, nil},
		} {
			if era < Babbage {
				changed := slices.Clone(items)
				changed[major], changed[minor] = v.major, v.minor
				checkForm(t, era, v.name, joinHeader(changed), want, v.value)
				continue
			}
			changed := slices.Clone(items)
			changed[n-2] = version(v.major, v.minor)
			checkForm(t, era, v.name, joinHeader(changed), want, v.value)
		}
		for _, test := range tests {
			changed := slices.Clone(items)
			changed[test.place] = test.to
			checkForm(t, era, test.name, joinHeader(changed), want, test.value)
		}

		// The records themselves.
		body := plain.Raw.Bytes[2 : len(plain.Raw.Bytes)-451]
		signature := items[n-1]
		fields := byte(n - 1)
		head := 0x80 | fields
		for _, test := range []struct {
			name  string
			b     []byte
			value func(*ShelleyHeader)
		}{
			{"indefinite header", slices.Concat([]byte{0x9f, head}, body, signature, []byte{0xff}), same},
			{"indefinite body", slices.Concat([]byte{0x82, 0x9f}, body, []byte{0xff}, signature), same},
			{"wide heads", slices.Concat([]byte{0x98, 2, 0x98, fields}, body, signature), same},
			{"item after the signature", slices.Concat([]byte{0x83, head}, body, signature, []byte{0}), nil},
			{"item after the signature of an indefinite header", slices.Concat([]byte{0x9f, head}, body, signature, []byte{0, 0xff}), nil},
			{"field more in the count alone", slices.Concat([]byte{0x82, head + 1}, body, signature), nil},
			{"field more", slices.Concat([]byte{0x82, head + 1}, body, []byte{0}, signature), nil},
			{"field more in an indefinite body", slices.Concat([]byte{0x82, 0x9f}, body, []byte{0, 0xff}, signature), nil},
			{"no break", slices.Concat([]byte{0x82, 0x9f}, body, signature), nil},
			{"no signature", slices.Concat([]byte{0x81, head}, body), nil},
		} {
			checkForm(t, era, test.name, test.b, want, test.value)
		}
		if era < Babbage {
			continue
		}
		certificate := items[n-3][1:]
		for _, test := range []struct {
			name  string
			place int
			to    item
			value func(*ShelleyHeader)
		}{
			{"indefinite certificate", n - 3, slices.Concat([]byte{0x9f}, certificate, []byte{0xff}), same},
			{"certificate of five", n - 3, slices.Concat([]byte{0x85}, certificate, []byte{0}), nil},
			{"indefinite version", n - 2, item{0x9f, 9, 1, 0xff}, same},
			{"version of one", n - 2, item{0x81, 9}, nil},
			{"version of three", n - 2, item{0x9f, 9, 1, 1, 0xff}, nil},
		} {
			changed := slices.Clone(items)
			changed[test.place] = test.to
			checkForm(t, era, test.name, joinHeader(changed), want, test.value)
		}
	}
}

func same(*ShelleyHeader) {}

// checkForm checks that b is a header with the values of plain, after a change;
// without one, that it is none.
func checkForm(t *testing.T, era Era, name string, b []byte, plain ShelleyHeader, change func(*ShelleyHeader)) {
	t.Helper()
	raw := RawHeader{Era: era, Bytes: b}
	h, err := Preview.ParseHeader(raw)
	got, ok := (&Header{Raw: raw}).Shelley()
	if change == nil {
		if err == nil || ok {
			t.Errorf("%v, %s: taken for a header", era, name)
		}
		return
	}
	if err != nil || !ok {
		t.Errorf("%v, %s: %v", era, name, err)
		return
	}
	want := plain
	change(&want)
	fields := shelleyFields(era)
	if want.HasLeios {
		fields += leiosFields
	}
	want.Body = want.appendBody(nil, fields)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %s: header %+v, want %+v", era, name, got, want)
	}
	if at := bytes.Index(b, want.Body); at >= 0 && &got.Body[0] != &b[at] {
		t.Errorf("%v, %s: the body was encoded again", era, name)
	}
	tie, ok := h.TieBreak()
	if !ok || !reflect.DeepEqual(tie, TieBreak{want.Issuer, want.OCert.Counter, want.LeaderVRF.Output}) {
		t.Errorf("%v, %s: tie-break %+v of %+v", era, name, tie, want)
	}
	if h.Hash != sum256(b) || h.Slot != want.Slot || h.BlockNo != want.BlockNo {
		t.Errorf("%v, %s: parsed as %+v", era, name, h)
	}
}

// Whatever the encoding of a header, it says the same, and the same is signed.
func TestReencodedHeaders(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for era := Shelley; era <= Conway; era++ {
		for _, prev := range []*Hash{nil, {7}} {
			checkReencoded(t, r, RawHeader{Era: era, Bytes: testHeader(shelleyTestBody(era), prev)})
		}
	}
	announcement := slices.Concat([]byte{0xf4, 0x82, 0x58, 0x20}, filled(9, 32), []byte{0x19, 0x10, 0})
	for _, fields := range [][]byte{{0xf4, 0xf6}, {0xf5, 0xf6}, announcement} {
		checkReencoded(t, r, dijkstraHeader(12, fields))
	}
}

func checkReencoded(t *testing.T, r *rand.Rand, raw RawHeader) {
	t.Helper()
	plain := Header{Raw: raw}
	want, ok := plain.Shelley()
	if b := raw.Bytes; !ok || !bytes.Equal(want.Body, b[1:len(b)-451]) || &want.Body[0] != &b[1] {
		t.Fatalf("%v: %x is signed", raw.Era, want.Body)
	}
	for odds := range 20 {
		other := forge.Reencode(r, 1+odds, raw.Bytes)
		checkForm(t, raw.Era, fmt.Sprintf("%x", other), other, want, same)
	}
}

// From Dijkstra on the minor version is a number of 32 bits.
func TestDijkstraMinor(t *testing.T) {
	items := plainHeader(t, Dijkstra)
	plain := Header{Raw: RawHeader{Era: Dijkstra, Bytes: joinHeader(items)}}
	want, _ := plain.Shelley()
	for _, tt := range []struct {
		minor item
		value func(*ShelleyHeader)
	}{
		{item{0x18, 1}, same},
		{uintItem(math.MaxUint32), func(s *ShelleyHeader) { s.Minor = math.MaxUint32 }},
		{uintItem(math.MaxUint32 + 1), nil},
		{item{0xc2, 0x41, 1}, nil},
	} {
		items[len(items)-2] = slices.Concat(item{0x82, 9}, tt.minor)
		checkForm(t, Dijkstra, fmt.Sprintf("minor %x", tt.minor), joinHeader(items), want, tt.value)
	}
}

// What is called a Byron header is none of a later era.
func TestByronIsNotShelley(t *testing.T) {
	h := Header{Raw: RawHeader{Era: Byron, Bytes: testHeader(shelleyTestBody(Shelley), nil)}}
	if _, ok := h.Shelley(); ok {
		t.Error("a Byron header has Shelley's fields")
	}
}

// What is called a header of a later era is none of Byron.
func TestShelleyIsNotByron(t *testing.T) {
	for _, ebb := range []bool{false, true} {
		header, err := RawBlock(map[bool][]byte{false: byronTestBlock(0), true: mustUnhex(ebbB5)}[ebb]).Header()
		if err != nil {
			t.Fatal(err)
		}
		h := Header{Raw: header}
		if _, ok := h.Byron(); !ok || header.EBB != ebb {
			t.Errorf("boundary %t: a Byron header has no fields of one", ebb)
		}
		for h.Raw.Era = Shelley; h.Raw.Era.Known(); h.Raw.Era++ {
			if b, ok := h.Byron(); ok || b.Issuer != nil || b.Prev != (Hash{}) {
				t.Errorf("boundary %t: a header of %v has Byron's fields", ebb, h.Raw.Era)
			}
		}
	}
}

// Which block a header follows.
func TestPrevIs(t *testing.T) {
	point := Point{Slot: 3, Hash: Hash{1}}
	for _, tt := range []struct {
		prev    Hash
		hasPrev bool
		p       Point
		want    bool
	}{
		{Hash{1}, true, point, true},
		{Hash{2}, true, point, false},
		{Hash{}, false, point, false},
		{Hash{}, false, Point{Slot: 3}, false},
		{Hash{}, true, Point{Slot: 3}, true},
		{Hash{}, false, Origin, true},
		{Hash{}, true, Origin, false},
		{Hash{1}, true, Origin, false},
	} {
		h := Header{Prev: tt.prev, HasPrev: tt.hasPrev}
		if got := h.PrevIs(tt.p); got != tt.want {
			t.Errorf("previous %v (%t) is %v: %t", tt.prev, tt.hasPrev, tt.p, got)
		}
	}
}
