package ledger

import (
	"math"
	"testing"
)

// The size of a block is what its header says, within bounds; of a Byron block, whose
// header does not say, it is a guess.
func TestBlockSize(t *testing.T) {
	const around = 100 + 16 // the header, and what holds it and the body together
	for _, test := range []struct {
		name string
		h    Header
		want int
	}{
		{"no hint", Header{Raw: RawHeader{Era: Byron}}, 2048},
		{"small hint", Header{Raw: RawHeader{Era: Byron, SizeHint: 2048}}, 2048},
		{"hint", Header{Raw: RawHeader{Era: Byron, SizeHint: 9000}}, 9000},
		{"huge hint", Header{Raw: RawHeader{Era: Byron, SizeHint: 1 << 31}}, 4 << 20},
		{"boundary", Header{Raw: RawHeader{Era: Byron, EBB: true, SizeHint: 9}}, 700_000},
		{"empty body", Header{Raw: RawHeader{Era: Shelley}, BodySize: 0}, 0},
		{"body", Header{Raw: RawHeader{Era: Conway}, BodySize: 90_112}, 90_112},
		{"hint from Shelley on", Header{Raw: RawHeader{Era: Conway, SizeHint: 9000}, BodySize: 3}, 3},
		{"huge body", Header{Raw: RawHeader{Era: Conway}, BodySize: math.MaxUint32}, 4 << 20},
	} {
		test.h.Raw.Bytes = make([]byte, 100)
		if got := test.h.BlockSize() - around; got != test.want {
			t.Errorf("%s: %d bytes beside the header, want %d", test.name, got, test.want)
		}
	}
}
