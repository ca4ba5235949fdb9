package cbor_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/golden"
)

// Each method on good and bad input: its result, where it leaves the Reader,
// and the error.
func TestReader(t *testing.T) {
	type reader = *cbor.Reader
	tests := []struct {
		name string
		in   string
		read func(r reader) any
		want any
		pos  int
		err  string
	}{
		{"uint", "1864", func(r reader) any { return r.Uint() }, uint64(100), 2, ""},
		{"uint, wide", "1b0000000000000001", func(r reader) any { return r.Uint() }, uint64(1), 9, ""},
		{"uint, cut", "19ff", func(r reader) any { return r.Uint() }, uint64(0), 0, "cbor: want unsigned integer at byte 0"},
		{"uint, negative", "20", func(r reader) any { return r.Uint() }, uint64(0), 0, "cbor: want unsigned integer at byte 0"},
		{"uint, reserved", "1c", func(r reader) any { return r.Uint() }, uint64(0), 0, "cbor: want unsigned integer at byte 0"},
		{"uint, nothing", "", func(r reader) any { return r.Uint() }, uint64(0), 0, "cbor: want unsigned integer at byte 0"},
		{"uint, largest allowed", "18ff", func(r reader) any { return r.UintMax(255) }, uint64(255), 2, ""},
		{"uint, over the most", "190100", func(r reader) any { return r.UintMax(255) }, uint64(0), 0, "cbor: want integer of at most 255 at byte 0"},

		{"bytes", "42010203", func(r reader) any { return r.Bytes() }, []byte{1, 2}, 3, ""},
		{"bytes, wide head", "5a000000020102", func(r reader) any { return r.Bytes() }, []byte{1, 2}, 7, ""},
		{"bytes, cut", "4201", func(r reader) any { return r.Bytes() }, []byte(nil), 1, "cbor: want string content at byte 1"},
		{"bytes, 2^64-1", "5bffffffffffffffff00", func(r reader) any { return r.Bytes() }, []byte(nil), 9, "cbor: want string content at byte 9"},
		{"bytes, indefinite", "5f4101ff", func(r reader) any { return r.Bytes() }, []byte(nil), 0, "cbor: want definite byte string at byte 0"},
		{"bytes, text", "6161", func(r reader) any { return r.Bytes() }, []byte(nil), 0, "cbor: want definite byte string at byte 0"},
		{"bytes of 2", "420102", func(r reader) any { return r.BytesLen(2) }, []byte{1, 2}, 3, ""},
		{"bytes, not 2", "4101", func(r reader) any { return r.BytesLen(2) }, []byte(nil), 0, "cbor: want byte string of 2 bytes at byte 0"},
		{"bytes of 0, cut", "41", func(r reader) any { return r.BytesLen(0) }, []byte(nil), 1, "cbor: want string content at byte 1"},
		{"any bytes", "42010203", func(r reader) any { return r.BytesAny() }, []byte{1, 2}, 3, ""},
		{"any bytes, in chunks", "5f4101404202 03ff 05", func(r reader) any { return r.BytesAny() }, []byte{1, 2, 3}, 8, ""},
		{"any bytes, no chunk", "5fff", func(r reader) any { return r.BytesAny() }, []byte(nil), 2, ""},
		{"any bytes, chunks in a chunk", "5f5f4101ffff", func(r reader) any { return r.BytesAny() }, []byte(nil), 1, "cbor: want definite byte string at byte 1"},
		{"any bytes, no break", "5f4101", func(r reader) any { return r.BytesAny() }, []byte{1}, 3, "cbor: want item or break at byte 3"},
		{"any bytes, text", "6161", func(r reader) any { return r.BytesAny() }, []byte(nil), 0, "cbor: want byte string at byte 0"},
		{"aborted", "00", func(r reader) any { r.Abort(io.EOF); r.Abort(io.ErrNoProgress); return r.Uint() }, uint64(0), 0, "EOF"},
		{"text", "6161", func(r reader) any { return r.Text() }, "a", 2, ""},
		{"text, no UTF-8", "61ff", func(r reader) any { return r.Text() }, "\xff", 2, ""},
		{"text, bytes", "4161", func(r reader) any { return r.Text() }, "", 0, "cbor: want definite text string at byte 0"},
		{"text bytes", "6161", func(r reader) any { return r.TextBytes() }, []byte("a"), 2, ""},
		{"int", "1864", func(r reader) any { v, negative := r.Int(); return []any{v, negative} }, []any{uint64(100), false}, 2, ""},
		{"int, negative", "3863", func(r reader) any { v, negative := r.Int(); return []any{v, negative} }, []any{uint64(99), true}, 2, ""},
		{"int, bytes", "40", func(r reader) any { v, negative := r.Int(); return []any{v, negative} }, []any{uint64(0), false}, 0, "cbor: want integer at byte 0"},
		{"tag", "d9010280", func(r reader) any { return r.TagAny() }, uint64(258), 3, ""},
		{"tag, number", "01", func(r reader) any { return r.TagAny() }, uint64(0), 0, "cbor: want tag at byte 0"},
		{"encoded", "d818 4180", func(r reader) any { return r.Encoded() }, []byte{0x80}, 4, ""},
		{"encoded, other tag", "c1 4180", func(r reader) any { return r.Encoded() }, []byte(nil), 0, "cbor: want tag 24 at byte 0"},
		{"encoded, indefinite", "d818 5f4180ff", func(r reader) any { return r.Encoded() }, []byte(nil), 2, "cbor: want definite byte string at byte 2"},

		{"array", "820102", func(r reader) any { return r.Array() }, 2, 1, ""},
		{"array, indefinite", "9fff", func(r reader) any { return r.Array() }, 0, 0, "cbor: want definite array at byte 0"},
		{"array, more than fits", "8301 02", func(r reader) any { return r.Array() }, 0, 0, "cbor: want definite array that fits its input at byte 0"},
		{"array of 2^64-1", "9bffffffffffffffff00", func(r reader) any { return r.Array() }, 0, 0, "cbor: want definite array that fits its input at byte 0"},
		{"array of 2", "820102", func(r reader) any { r.ArrayLen(2); return nil }, nil, 1, ""},
		{"array, not 1", "820102", func(r reader) any { r.ArrayLen(1); return nil }, nil, 0, "cbor: want definite array of 1 at byte 0"},
		{"any array, definite", "8101", func(r reader) any { return r.ArrayAny() }, 1, 1, ""},
		{"any array, indefinite", "9fff", func(r reader) any { return r.ArrayAny() }, cbor.Indefinite, 1, ""},
		{"any array, a map", "a0", func(r reader) any { return r.ArrayAny() }, 0, 0, "cbor: want array at byte 0"},
		{"indefinite array", "9fff", func(r reader) any { return r.ArrayIndefinite() }, cbor.Indefinite, 1, ""},
		{"indefinite array, definite", "80", func(r reader) any { return r.ArrayIndefinite() }, cbor.Indefinite, 0, "cbor: want indefinite array at byte 0"},
		{"map", "a10102", func(r reader) any { return r.Map() }, 1, 1, ""},
		{"map, more than fits", "a2010203", func(r reader) any { return r.Map() }, 0, 0, "cbor: want definite map that fits its input at byte 0"},
		{"map of 2^63", "bb800000000000000000", func(r reader) any { return r.Map() }, 0, 0, "cbor: want definite map that fits its input at byte 0"},
		{"any map, indefinite", "bfff", func(r reader) any { return r.MapAny() }, cbor.Indefinite, 1, ""},
		{"any map, an array", "80", func(r reader) any { return r.MapAny() }, 0, 0, "cbor: want map at byte 0"},

		{"false", "f4", func(r reader) any { return r.Bool() }, false, 1, ""},
		{"true", "f5", func(r reader) any { return r.Bool() }, true, 1, ""},
		{"bool, number", "01", func(r reader) any { return r.Bool() }, false, 0, "cbor: want bool at byte 0"},
		{"null", "f6", func(r reader) any { return r.Null() }, true, 1, ""},
		{"null, other", "00", func(r reader) any { return r.Null() }, false, 0, ""},
		{"raw", "820102 00", func(r reader) any { return r.Raw() }, []byte{0x82, 1, 2}, 3, ""},
		{"raw, cut", "8201", func(r reader) any { return r.Raw() }, []byte(nil), 0, "cbor: want complete item at byte 0"},
		{"raw, malformed", "8201fe", func(r reader) any { return r.Raw() }, []byte(nil), 0, "cbor: reserved or misplaced head byte at byte 2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := cbor.NewReader(golden.Bytes(t, test.in))
			got := test.read(&r)
			if !reflect.DeepEqual(got, test.want) || r.Pos() != test.pos {
				t.Errorf("got %v, then at %d; want %v, %d", got, r.Pos(), test.want, test.pos)
			}
			if err := r.Err(); err == nil && test.err != "" || err != nil && err.Error() != test.err {
				t.Errorf("got error %v, want %q", err, test.err)
			}
		})
	}
}

func TestReaderMore(t *testing.T) {
	tests := []struct {
		in   string
		want []uint64
		ok   bool
	}{
		{"80", nil, true},
		{"83010203", []uint64{1, 2, 3}, true},
		{"9fff", nil, true},
		{"9f010203ff", []uint64{1, 2, 3}, true},
		{"9f0102", []uint64{1, 2}, false},
		{"9f01f6", []uint64{1}, false},
		{"820120", []uint64{1}, false},
		{"a0", nil, false},
	}
	for _, test := range tests {
		r := cbor.NewReader(golden.Bytes(t, test.in))
		var got []uint64
		for n := r.ArrayAny(); r.More(&n); {
			if v := r.Uint(); r.Err() == nil {
				got = append(got, v)
			}
		}
		if err := r.Close(); !reflect.DeepEqual(got, test.want) || (err == nil) != test.ok {
			t.Errorf("%s: got %v, %v; want %v, ok: %t", test.in, got, err, test.want, test.ok)
		}
	}
}

// After an error every method returns a zero value and the error stays.
func TestReaderKeepsFirstError(t *testing.T) {
	r := cbor.NewReader([]byte{0x00, 0x00})
	r.Bytes()
	first := r.Err()
	var e *cbor.Error
	if !errors.As(first, &e) || e.Offset != 0 {
		t.Fatalf("got %v, want an *Error at 0", first)
	}
	for name, empty := range map[string]bool{
		"Uint": r.Uint() == 0, "UintMax": r.UintMax(9) == 0, "Bytes": r.Bytes() == nil, "Text": r.Text() == "",
		"Array": r.Array() == 0, "ArrayAny": r.ArrayAny() == 0, "Map": r.Map() == 0, "MapAny": r.MapAny() == 0,
		"Encoded": r.Encoded() == nil, "Bool": !r.Bool(), "Null": !r.Null(), "Raw": r.Raw() == nil,
		"Read": cbor.Read(&r, readByte) == 0,
	} {
		if !empty {
			t.Errorf("%s reads on after an error", name)
		}
	}
	if r.Err() != first || r.Close() != first || r.Pos() != 0 {
		t.Errorf("got %v, %v at %d; want the first error, %v", r.Err(), r.Close(), r.Pos(), first)
	}
}

func readByte(b []byte) (byte, []byte, error) {
	if len(b) == 0 {
		return 0, nil, errors.New("no byte")
	}
	return b[0], b[1:], nil
}

func TestRead(t *testing.T) {
	r := cbor.NewReader([]byte{7, 8})
	if v := cbor.Read(&r, readByte); v != 7 || r.Pos() != 1 || !bytes.Equal(r.Rest(), []byte{8}) {
		t.Errorf("got %d, then at %d", v, r.Pos())
	}
	cbor.Read(&r, readByte)
	if v := cbor.Read(&r, readByte); v != 0 || r.Err() == nil || r.Err().Error() != "no byte" {
		t.Errorf("got %d, %v; want the decoder's error", v, r.Err())
	}
}

func TestReaderClose(t *testing.T) {
	r := cbor.NewReader([]byte{1, 2})
	r.Uint()
	if err := r.Close(); err == nil || err.Error() != "cbor: want end of input at byte 1" {
		t.Errorf("got %v", err)
	}
}

// What a Reader hands out cannot be grown into its input.
func TestReaderResultsAreClipped(t *testing.T) {
	in := []byte{0x41, 1, 0x81, 2, 3}
	r := cbor.NewReader(in)
	_ = append(r.Bytes(), 0xaa)
	_ = append(r.Raw(), 0xaa)
	if !bytes.Equal(in, []byte{0x41, 1, 0x81, 2, 3}) {
		t.Errorf("the input became %x", in)
	}
}

// Raw walks over Plutus data, which nests deeper than any message.
func TestReaderRawDepth(t *testing.T) {
	nested := func(depth int) []byte {
		return []byte(strings.Repeat("\x9f", depth) + strings.Repeat("\xff", depth))
	}
	r := cbor.NewReader(nested(cbor.MaxRawDepth))
	if b := r.Raw(); len(b) != 2*cbor.MaxRawDepth || r.Close() != nil {
		t.Errorf("depth %d: %d bytes, %v", cbor.MaxRawDepth, len(b), r.Err())
	}
	r = cbor.NewReader(nested(cbor.MaxRawDepth + 1))
	if r.Raw(); !errors.Is(r.Err(), cbor.ErrDepth) {
		t.Errorf("depth %d: %v, want ErrDepth", cbor.MaxRawDepth+1, r.Err())
	}
}
