package mux

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/ouronet/ouronet/protocol"
)

// In which order mini-protocols got their segments in, and where each was cut,
// makes no difference.
func TestArrange(t *testing.T) {
	payloads := map[uint16][]byte{2: bytes.Repeat([]byte("chain"), 10), 3: bytes.Repeat([]byte("blocks"), 5000), 8: []byte("alive")}
	sent := func(r *rand.Rand) (wire []byte) {
		left := map[uint16][]byte{2: payloads[2], 3: payloads[3], 8: payloads[8]}
		for len(left) > 0 {
			id := []uint16{2, 3, 8}[r.IntN(3)]
			if len(left[id]) == 0 {
				delete(left, id)
				continue
			}
			n := min(1+r.IntN(defaultSegment), len(left[id]))
			wire = header{time: 7, role: protocol.Responder, id: id, length: n}.append(wire)
			wire = append(wire, left[id][:n]...)
			left[id] = left[id][n:]
		}
		return wire
	}
	want, rest := Arrange(sent(rand.New(rand.NewPCG(1, 1))))
	if sizes := []int{len(want), len(want[0]), len(want[1]), len(want[2]), len(want[3]), len(want[4]), rest}; len(want) != 5 ||
		!bytes.HasSuffix(want[0], payloads[2]) || len(want[1]) != headerSize+defaultSegment || !bytes.HasSuffix(want[4], payloads[8]) {
		t.Fatalf("chunks %v", sizes)
	}
	for seed := range uint64(100) {
		wire := sent(rand.New(rand.NewPCG(seed, 2)))
		part := rand.New(rand.NewPCG(seed, 3)).IntN(headerSize + 5)
		incomplete := header{id: 4, length: 5}.append(nil)
		wire = append(wire, append(incomplete, "12345"...)[:part]...)
		got, rest := Arrange(wire)
		if rest != part || !bytes.Equal(bytes.Join(got, nil), bytes.Join(want, nil)) || len(got) != len(want) {
			t.Fatalf("seed %d: %d chunks, rest %d; want %d, %d", seed, len(got), rest, len(want), part)
		}
	}
}
