package cbor_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/golden"
)

func TestScan(t *testing.T) {
	tests := []struct {
		name string
		in   string
		n    int // bytes looked at
		done bool
		err  error
	}{
		{"nothing", "", 0, false, nil},
		{"uint", "17", 1, true, nil},
		{"uint 8", "18 ff 00", 2, true, nil},
		{"uint 16", "19 ffff", 3, true, nil},
		{"uint 32", "1a ffffffff", 5, true, nil},
		{"uint 64", "1b ffffffffffffffff", 9, true, nil},
		{"uint wider than needed", "1b 0000000000000001", 9, true, nil},
		{"uint cut", "1b 00000000000000", 8, false, nil},
		{"negative", "3903e7", 3, true, nil},
		{"empty bytes", "40", 1, true, nil},
		{"bytes and more", "43 010203 04", 4, true, nil},
		{"bytes cut", "43 0102", 3, false, nil},
		{"text that is no UTF-8", "62 ffff", 3, true, nil},
		{"empty array", "80", 1, true, nil},
		{"array", "82 01 8102", 4, true, nil},
		{"array cut", "82 01", 2, false, nil},
		{"empty map", "a0", 1, true, nil},
		{"map", "a2 01 02 03 04", 5, true, nil},
		{"map cut before a value", "a2 01 02 03", 4, false, nil},
		{"tag", "d818 42 8100", 5, true, nil},
		{"tag cut", "d818", 2, false, nil},
		{"tags in a row", "c1 c2 00", 3, true, nil},
		{"false", "f4", 1, true, nil},
		{"simple 32", "f820", 2, true, nil},
		{"simple 31", "f81f", 2, false, cbor.ErrReserved},
		{"half float", "f93c00", 3, true, nil},
		{"float", "fa47c35000", 5, true, nil},
		{"double", "fb7e37e43c8800759c", 9, true, nil},

		{"indefinite bytes", "5f 42 0102 40 41 03 ff", 8, true, nil},
		{"indefinite text", "7f 61 61 ff", 4, true, nil},
		{"no chunks", "5fff", 2, true, nil},
		{"text chunk in bytes", "5f 61 61 ff", 2, false, cbor.ErrChunk},
		{"bytes chunk in text", "7f 41 61 ff", 2, false, cbor.ErrChunk},
		{"indefinite chunk", "5f 5f", 2, false, cbor.ErrChunk},
		{"array chunk", "5f 9f", 2, false, cbor.ErrChunk},
		{"tagged chunk", "5f c1", 2, false, cbor.ErrChunk},
		{"indefinite array", "9f 01 9fff 02 ff", 6, true, nil},
		{"indefinite array cut", "9f 01", 2, false, nil},
		{"indefinite map", "bf 01 02 03 04 ff", 6, true, nil},
		{"indefinite map without value", "bf 01 ff", 3, false, cbor.ErrMap},
		{"indefinite map of containers", "bf 9fff a0 81 01 bfff ff", 9, true, nil},

		{"break alone", "ff", 1, false, cbor.ErrReserved},
		{"break in a definite array", "82 01 ff", 3, false, cbor.ErrReserved},
		{"break in a definite map", "a1 ff", 2, false, cbor.ErrReserved},
		{"break after a tag", "9f c1 ff", 3, false, cbor.ErrReserved},
		{"reserved 28", "1c", 1, false, cbor.ErrReserved},
		{"reserved 30", "fe", 1, false, cbor.ErrReserved},
		{"indefinite uint", "1f", 1, false, cbor.ErrReserved},
		{"indefinite negative", "3f", 1, false, cbor.ErrReserved},
		{"indefinite tag", "df", 1, false, cbor.ErrReserved},

		{"longest string", "5a 80000000", 5, false, nil},
		{"string too long", "5a 80000001", 5, false, cbor.ErrLength},
		{"string of 2^64-1", "5b ffffffffffffffff", 9, false, cbor.ErrLength},
		{"text of 2^63", "7b 8000000000000000", 9, false, cbor.ErrLength},
		{"longest array", "9a 80000000", 5, false, nil},
		{"array too long", "9a 80000001", 5, false, cbor.ErrLength},
		{"array of 2^64-1", "9b ffffffffffffffff", 9, false, cbor.ErrLength},
		{"map of 2^63", "bb 8000000000000000", 9, false, cbor.ErrLength},
		{"longest map", "ba 80000000", 5, false, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var s cbor.Scanner
			n, done, err := s.Scan(golden.Bytes(t, test.in))
			if n != test.n || done != test.done || !errors.Is(err, test.err) {
				t.Errorf("got %d, %t, %v; want %d, %t, %v", n, done, err, test.n, test.done, test.err)
			}
		})
	}
}

// Depth counts what is open at once; an empty container never is.
func TestScanDepth(t *testing.T) {
	openers := map[string]string{
		"arrays": "81", "maps": "a1", "map values": "a100", "tags": "c1",
		"indefinite arrays": "9f", "indefinite maps": "bf", "indefinite map values": "bf00",
	}
	for name, opener := range openers {
		t.Run(name, func(t *testing.T) {
			var s cbor.Scanner
			deep := bytes.Repeat(golden.Bytes(t, opener), cbor.MaxDepth)
			if _, done, err := s.Scan(deep); done || err != nil {
				t.Errorf("depth %d: %t, %v", cbor.MaxDepth, done, err)
			}
			if _, _, err := s.Scan([]byte{0x80}); err != nil {
				t.Errorf("empty array inside: %v", err)
			}
			s = cbor.Scanner{}
			if _, _, err := s.Scan(append(deep, 0x5f)); err != cbor.ErrDepth {
				t.Errorf("depth %d: %v, want ErrDepth", cbor.MaxDepth+1, err)
			}
		})
	}
}

// A Scanner starts over by itself, whatever the item before it was.
func TestScanMany(t *testing.T) {
	items := []string{
		"00", "8101", strings.Repeat("9f", 30) + strings.Repeat("ff", 30), "5f4101ff", "a0", "c100",
		strings.Repeat("81", 30) + "43010203", "bf0001ff", "40",
	}
	stream := golden.Bytes(t, strings.Join(items, ""))
	var s cbor.Scanner
	for i, item := range items {
		n, done, err := s.Scan(stream)
		if !done || err != nil || n != len(item)/2 {
			t.Fatalf("item %d: %d, %t, %v; want %d bytes", i, n, done, err, len(item)/2)
		}
		if s.Pending() != 0 {
			t.Fatalf("item %d: %d bytes pending after it", i, s.Pending())
		}
		stream = stream[n:]
	}
}

// The longest string, in pieces: were their zeros looked at, the first would
// complete an item.
func TestScanStepsOverStrings(t *testing.T) {
	var s cbor.Scanner
	s.Scan(golden.Bytes(t, "5a80000000"))
	piece := make([]byte, 1<<24)
	const pieces = cbor.MaxLength >> 24
	for i := range pieces {
		n, done, err := s.Scan(piece)
		if n != len(piece) || done != (i == pieces-1) || err != nil {
			t.Fatalf("piece %d: %d, %t, %v", i, n, done, err)
		}
	}
}
