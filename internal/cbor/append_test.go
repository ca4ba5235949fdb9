package cbor_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
)

// edges are the numbers at which a head changes its width.
var edges = []uint64{
	0, 1, 23, 24, math.MaxUint8, math.MaxUint8 + 1, math.MaxUint16, math.MaxUint16 + 1,
	math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64, math.MaxUint64,
}

func TestAppend(t *testing.T) {
	tests := []struct {
		got  []byte
		want string
	}{
		{cbor.AppendUint(nil, 23), "17"},
		{cbor.AppendUint(nil, 24), "1818"},
		{cbor.AppendUint(nil, 500), "1901f4"},
		{cbor.AppendUint(nil, 1e6), "1a000f4240"},
		{cbor.AppendUint(nil, 1e12), "1b000000e8d4a51000"},
		{cbor.AppendBytes([]byte{0xaa}, []byte{1, 2}), "aa420102"},
		{cbor.AppendBytes(nil, nil), "40"},
		{cbor.AppendBytesHead(nil, 90_112), "5a00016000"},
		{cbor.AppendText(nil, "IETF"), "6449455446"},
		{cbor.AppendArray(nil, 25), "9819"},
		{cbor.AppendMap(nil, 2), "a2"},
		{cbor.AppendBreak(cbor.AppendArrayIndefinite(nil)), "9fff"},
		{cbor.AppendBreak(cbor.AppendMapIndefinite(nil)), "bfff"},
		{cbor.AppendTag(nil, cbor.TagEncoded), "d818"},
		{cbor.AppendBool(cbor.AppendBool(nil, true), false), "f5f4"},
		{cbor.AppendNull(nil), "f6"},
	}
	for _, test := range tests {
		if got := hex.EncodeToString(test.got); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestHeadLen(t *testing.T) {
	for _, v := range edges {
		if got, want := cbor.HeadLen(v), len(cbor.AppendUint(nil, v)); got != want {
			t.Errorf("HeadLen(%d) = %d, want %d", v, got, want)
		}
	}
}

// What the Append functions write, Reader reads and Scanner finds the end of.
func TestRoundTrip(t *testing.T) {
	var b []byte
	b = cbor.AppendArrayIndefinite(b)
	for _, v := range edges {
		b = cbor.AppendUint(b, v)
		b = cbor.AppendTag(b, v)
		b = cbor.AppendNull(b)
	}
	for n := range 300 {
		b = cbor.AppendArray(b, 2)
		b = cbor.AppendBytes(b, make([]byte, n))
		b = cbor.AppendText(b, string(make([]byte, n)))
	}
	b = cbor.AppendMap(b, 1)
	b = cbor.AppendBool(b, true)
	b = cbor.AppendBool(b, false)
	b = cbor.AppendMapIndefinite(b)
	b = cbor.AppendBreak(b)
	b = cbor.AppendTag(b, cbor.TagEncoded)
	b = cbor.AppendBytes(b, []byte{0x80})
	b = cbor.AppendBreak(b)

	var s cbor.Scanner
	if n, done, err := s.Scan(b); n != len(b) || !done || err != nil {
		t.Errorf("scan: %d of %d bytes, %t, %v", n, len(b), done, err)
	}

	r := cbor.NewReader(b)
	r.ArrayIndefinite()
	for _, v := range edges {
		if got := r.Uint(); got != v {
			t.Errorf("got %d, want %d", got, v)
		}
		r.Tag(v)
		if !r.Null() {
			t.Errorf("no null at byte %d", r.Pos())
		}
	}
	for n := range 300 {
		r.ArrayLen(2)
		r.BytesLen(n)
		if got := len(r.Text()); got != n {
			t.Errorf("text of %d bytes, want %d", got, n)
		}
	}
	if n := r.MapAny(); n != 1 || !r.Bool() || r.Bool() {
		t.Errorf("map of %d read wrong", n)
	}
	if n := r.MapAny(); n != cbor.Indefinite || r.More(&n) {
		t.Errorf("empty indefinite map read wrong")
	}
	if got := r.Encoded(); !bytes.Equal(got, []byte{0x80}) {
		t.Errorf("encoded item %x", got)
	}
	if end := cbor.Indefinite; r.More(&end) {
		t.Errorf("no break at byte %d", r.Pos())
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
