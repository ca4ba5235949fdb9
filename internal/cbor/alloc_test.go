package cbor_test

import (
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/internal/testing/testenv"
)

// header is a message like chain-sync's roll forward: [2, [6, #6.24(header)], tip].
func header() []byte {
	b := cbor.AppendArray(nil, 3)
	b = cbor.AppendUint(b, 2)
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendUint(b, 6)
	b = cbor.AppendTag(b, cbor.TagEncoded)
	b = cbor.AppendBytes(b, make([]byte, 900))
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendUint(b, 123_456_789)
	b = cbor.AppendBytes(b, make([]byte, 32))
	return cbor.AppendUint(b, 9_876_543)
}

func readHeader(b []byte) (size int, err error) {
	r := cbor.NewReader(b)
	r.ArrayLen(3)
	r.UintMax(7)
	r.ArrayLen(2)
	r.Uint()
	size = len(r.Encoded())
	r.ArrayLen(2)
	r.Raw()
	r.Uint()
	return size, r.Close()
}

func TestAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	msg := header()
	nested := golden.Bytes(t, strings.Repeat("9f", 9)+strings.Repeat("ff", 9))
	tests := []struct {
		name string
		f    func()
	}{
		{"scan", func() {
			var s cbor.Scanner
			if _, done, _ := s.Scan(msg); !done {
				t.Error("not done")
			}
		}},
		{"scan in two pieces", func() {
			var s cbor.Scanner
			s.Scan(msg[:500])
			if _, done, _ := s.Scan(msg[500:]); !done || s.Pending() != 0 {
				t.Error("not done")
			}
		}},
		{"scan nine deep", func() {
			var s cbor.Scanner
			if _, done, _ := s.Scan(nested); !done {
				t.Error("not done")
			}
		}},
		{"read", func() {
			if _, err := readHeader(msg); err != nil {
				t.Error(err)
			}
		}},
		{"raw nine deep", func() {
			r := cbor.NewReader(nested)
			if r.Raw(); r.Close() != nil {
				t.Error(r.Err())
			}
		}},
	}
	for _, test := range tests {
		if n := testing.AllocsPerRun(100, test.f); n != 0 {
			t.Errorf("%s: %v allocations, want none", test.name, n)
		}
	}
}

// What a few bytes announce costs nothing until it is there.
func TestHugeCountsAllocateNothing(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	for _, in := range []string{"9a80000000", "ba80000000", "5a80000000", "7a80000000", "9a800000009a80000000"} {
		b := golden.Bytes(t, in)
		n := testing.AllocsPerRun(100, func() {
			var s cbor.Scanner
			s.Scan(b)
		})
		if n != 0 {
			t.Errorf("scan %s: %v allocations, want none", in, n)
		}
	}
}
