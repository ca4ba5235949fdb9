package protocol_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
)

// A message that is under way is shown each time that more of it has come, from its
// first byte; one that is there at once, and what is complete, is not.
func TestArriving(t *testing.T) {
	long := sized(part, 300)
	wire := long.AppendCBOR(nil)
	for chunk := 1; chunk <= len(wire)+1; chunk++ {
		ours, theirs := pipe.New()
		ours.Chunk = chunk
		s := protocol.NewSession[msg](quiz(), protocol.Initiator, ours)
		var shown, times, size int
		s.Arriving = func(begun []byte, n int) {
			if !bytes.Equal(begun, wire[:len(begun)]) || len(begun) != shown+chunk {
				t.Fatalf("pieces of %d bytes: shown %d bytes after %d", chunk, len(begun), shown)
			}
			shown, size = len(begun), n
			times++
		}
		if err := s.Request(t.Context(), msg{kind: ask}); err != nil {
			t.Fatal(err)
		}
		put(t, theirs, wire, long)
		for range 2 {
			if _, err := s.Recv(t.Context()); err != nil {
				t.Fatal(err)
			}
			if want := (len(wire) - 1) / chunk; times != want || chunk < len(wire) && size != len(wire) {
				t.Fatalf("pieces of %d bytes: shown %d times, want %d; of %d bytes, want %d", chunk, times, want, size, len(wire))
			}
			shown, times, size = 0, 0, 0
		}
	}
}

// A message that is too long or malformed is refused as before, and what is refused is
// not shown.
func TestArrivingRefused(t *testing.T) {
	for _, wire := range [][]byte{
		{0x82, 3, 0x59, 0x03, 0xe4},
		{0x82, 3, 0x1f},
	} {
		s, peer := session(protocol.Initiator)
		s.Arriving = func(begun []byte, _ int) { t.Errorf("shown %x", begun) }
		if err := s.Request(t.Context(), msg{kind: ask}); err != nil {
			t.Fatal(err)
		}
		put(t, peer, wire)
		if _, err := s.Recv(t.Context()); !errors.Is(err, protocol.ErrTooLarge) && !errors.Is(err, protocol.ErrMalformed) {
			t.Error(err)
		}
	}
}
