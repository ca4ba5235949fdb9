package ledger

import (
	"reflect"
	"slices"
	"testing"
	"unsafe"
)

// The tie-break of a header that was parsed is there without parsing it again: what
// comes behind, and would end that, is not looked at. TestHeaderForms and
// TestReencodedHeaders compare it in all encodings.
func TestTieBreakIsKept(t *testing.T) {
	for era := Shelley; era <= Dijkstra; era++ {
		raw := RawHeader{Era: era, Bytes: slices.Clone(testHeader(shelleyTestBody(era), &Hash{7}))}
		h, err := Preview.ParseHeader(raw)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := h.Shelley()
		want := TieBreak{slices.Clone(s.Issuer), s.OCert.Counter, slices.Clone(s.LeaderVRF.Output)}
		raw.Bytes[len(raw.Bytes)-451] = 0xff // the head of the signature
		if _, ok := h.Shelley(); ok {
			t.Fatalf("%v: the header can be read again", era)
		}
		if got, ok := h.TieBreak(); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v, %t, want %+v", era, got, ok, want)
		}
		// Whoever keeps a header without its bytes has none.
		for _, b := range [][]byte{nil, raw.Bytes[:100]} {
			h.Raw.Bytes = b
			if got, ok := h.TieBreak(); ok {
				t.Errorf("%v: %+v of %d bytes", era, got, len(b))
			}
		}
	}
	byron := Header{Raw: RawHeader{Era: Byron}}
	if got, ok := byron.TieBreak(); ok {
		t.Errorf("Byron: %+v", got)
	}
}

// What a chain keeps of each header, beside its bytes.
func TestHeaderIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Header{}); n > 168 {
		t.Errorf("a header takes %d bytes", n)
	}
}
