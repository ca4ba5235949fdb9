package stack

import (
	"bytes"
	"slices"
	"testing"
)

// segment is a segment of a mini-protocol with a time.
func segment(id byte, payload ...byte) []byte {
	return append([]byte{0, 0, 0, 7, 0, id, 0, byte(len(payload))}, payload...)
}

func TestArrange(t *testing.T) {
	for _, test := range []struct {
		name string
		sent [][]byte
		want [][]byte
		rest int
	}{
		{name: "nothing"},
		{name: "one message", sent: [][]byte{segment(2, 0x81, 0)}, want: [][]byte{segment(2, 0x81, 0)}},
		{
			name: "three in one segment",
			sent: [][]byte{segment(2, 0x81, 0, 0x81, 1, 0x81, 2)},
			want: [][]byte{segment(2, 0x81, 0), segment(2, 0x81, 1), segment(2, 0x81, 2)},
		},
		{
			name: "across segments, of two mini-protocols",
			sent: [][]byte{segment(3, 0x81), segment(2, 0x81, 0), segment(3, 5, 0x81, 6)},
			want: [][]byte{segment(2, 0x81, 0), segment(3, 0x81, 5), segment(3, 0x81, 6)},
		},
		{
			name: "no end",
			sent: [][]byte{segment(2, 0x82, 1), segment(3, 0x81, 0)},
			want: [][]byte{segment(2, 0x82, 1), segment(3, 0x81, 0)},
		},
		{
			name: "no CBOR",
			sent: [][]byte{segment(2, 0xff, 0xff, 1), segment(3, 0x81, 0)},
			want: [][]byte{segment(2, 0xff, 0xff, 1), segment(3, 0x81, 0)},
		},
		{
			name: "part of a segment",
			sent: [][]byte{segment(2, 0x81, 0, 0x81, 1), segment(2, 0x81, 0)[:9]},
			want: [][]byte{segment(2, 0x81, 0), segment(2, 0x81, 1)},
			rest: 9,
		},
	} {
		got, rest := arrange(slices.Concat(test.sent...))
		if rest != test.rest || !slices.EqualFunc(got, test.want, bytes.Equal) {
			t.Errorf("%s: got %x and %d, want %x and %d", test.name, got, rest, test.want, test.rest)
		}
	}
}
