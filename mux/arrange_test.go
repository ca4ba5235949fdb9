package mux

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/protocol"
)

func TestArrange(t *testing.T) {
	segment := func(id byte, payload ...byte) []byte {
		return append([]byte{0, 0, 0, 7, 0, id, 0, byte(len(payload))}, payload...)
	}
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
			sent: [][]byte{segment(2, 0xff, 0xff, 1), segment(4, 0x81, 0xff), segment(3, 0x81, 0)},
			want: [][]byte{segment(2, 0xff, 0xff, 1), segment(3, 0x81, 0), segment(4, 0x81, 0xff)},
		},
		{
			name: "not the start of a message",
			sent: [][]byte{segment(2, 1, 2, 0x81, 0)},
			want: [][]byte{segment(2, 1, 2, 0x81, 0)},
		},
		{
			name: "part of a segment",
			sent: [][]byte{segment(2, 0x81, 0, 0x81, 1), segment(2, 0x81, 0)[:9]},
			want: [][]byte{segment(2, 0x81, 0), segment(2, 0x81, 1)},
			rest: 9,
		},
	} {
		sent := slices.Concat(test.sent...)
		got, rest := Arrange(sent)
		if !bytes.Equal(sent, slices.Concat(test.sent...)) {
			t.Errorf("%s: what was sent has become %x", test.name, sent)
		}
		if rest != test.rest || !slices.EqualFunc(got, test.want, bytes.Equal) {
			t.Errorf("%s: got %x and %d, want %x and %d", test.name, got, rest, test.want, test.rest)
		}
	}
}

// In which order mini-protocols got their segments in, and where each was cut,
// makes no difference.
func TestArrangeAnyOrder(t *testing.T) {
	block := append([]byte{0x81, 0x59, 0x75, 0x30}, make([]byte, 30_000)...)
	streams := map[uint16][]byte{2: bytes.Repeat([]byte{0x81, 0}, 3), 3: append(block, 0x81, 5), 8: {0x81, 7}}
	sizes := []int{2, 2, 2, segment.Usual, segment.Usual, len(block) - 2*segment.Usual, 2, 2}
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 0))
		var wire []byte
		left := map[uint16][]byte{2: streams[2], 3: streams[3], 8: streams[8]}
		for len(left) > 0 {
			id := []uint16{2, 3, 8}[r.IntN(3)]
			if len(left[id]) == 0 {
				delete(left, id)
				continue
			}
			n := min(1+r.IntN(segment.Usual), len(left[id]))
			wire = segment.Head{Time: 7, Role: protocol.Responder, ID: id, Length: n}.Append(wire)
			wire = append(wire, left[id][:n]...)
			left[id] = left[id][n:]
		}
		chunks, rest := Arrange(wire)
		if rest != 0 || len(chunks) != len(sizes) {
			t.Fatalf("seed %d: %d chunks, rest %d; want %d", seed, len(chunks), rest, len(sizes))
		}
		got := make(map[uint16][]byte)
		for i, c := range chunks {
			h, err := segment.Parse(c)
			if err != nil || h.Length != sizes[i] || len(c) != segment.HeadSize+sizes[i] || h.Time != 7 || h.Role != protocol.Responder {
				t.Fatalf("seed %d: chunk %d: %+v, %v; want %d bytes", seed, i, h, err, sizes[i])
			}
			got[h.ID] = append(got[h.ID], c[segment.HeadSize:]...)
		}
		for id, want := range streams {
			if !bytes.Equal(got[id], want) {
				t.Fatalf("seed %d: mini-protocol %d differs", seed, id)
			}
		}
	}
}
