package segment

import (
	"bytes"
	"encoding/hex"
	"io"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/protocol"
)

// The worked segments of the wire's description. (examples, 3)
var segments = []struct {
	name string
	hex  string
	want Head
}{
	{"S1", "00000001000000178200a20e841a2d964a09f401f40f841a2d964a09f401f4", Head{1, protocol.Initiator, 0, 23}},
	{"S2", "0000c3508000000c83010f841a2d964a09f401f4", Head{50000, protocol.Responder, 0, 12}},
	{"S3", "0102030400080005820019beef", Head{0x01020304, protocol.Initiator, 8, 5}},
	{"S4", "01020a0080080005820119beef", Head{0x01020a00, protocol.Responder, 8, 5}},
	{"S5", "0000001000020006810081008100", Head{16, protocol.Initiator, 2, 6}},
	{"S6", "000000208002000a8305821a080000005820", Head{32, protocol.Responder, 2, 10}},
	{"S7", "000000208002004e222222222222222222222222222222222222222222222222222222222222222282821a08000000582022222222222222222222222222222222222222222222222222222222222222221a0096b43f",
		Head{32, protocol.Responder, 2, 78}},
}

func TestHead(t *testing.T) {
	for _, s := range segments {
		b, err := hex.DecodeString(s.hex)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(b)
		if err != nil || got != s.want || len(b) != HeadSize+got.Length {
			t.Errorf("%s: %+v, %v", s.name, got, err)
		}
		if again := s.want.Append(nil); !bytes.Equal(again, b[:HeadSize]) {
			t.Errorf("%s: encoded as %x", s.name, again)
		}
	}
}

func FuzzHead(f *testing.F) {
	for _, s := range segments {
		b, _ := hex.DecodeString(s.hex)
		f.Add(b[:HeadSize])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < HeadSize {
			return
		}
		h, err := Parse(b)
		if (err != nil) != (b[6] == 0 && b[7] == 0) {
			t.Errorf("%x: %v", b, err)
		}
		if again := h.Append(nil); !bytes.Equal(again, b[:HeadSize]) {
			t.Errorf("%x became %x", b, again)
		}
	})
}

// What is appended can be read back in two ways.
func TestAppend(t *testing.T) {
	long := bytes.Repeat([]byte("ab"), Usual)
	wire := Append(nil, protocol.Responder, 3, long)
	wire = Append(wire, protocol.Initiator, 8, []byte{7})
	want := []Head{{0, protocol.Responder, 3, 2 * Usual}, {0, protocol.Initiator, 8, 1}}
	var heads, read []Head
	var joined []byte
	for h, payload := range All(append(wire[:len(wire):len(wire)], wire[:HeadSize+5]...)) { // the last one is cut off
		heads, joined = append(heads, h), append(joined, payload...)
	}
	r := bytes.NewReader(wire)
	for {
		h, payload, err := Read(r)
		if err == io.EOF {
			break
		}
		if err != nil || len(payload) != h.Length {
			t.Fatal(h, len(payload), err)
		}
		read = append(read, h)
	}
	if !slices.Equal(heads, want) || !slices.Equal(read, want) || !bytes.Equal(joined, append(long, 7)) {
		t.Errorf("%v and %v, want %v", heads, read, want)
	}
	empty := Append(nil, protocol.Initiator, 2, nil)
	if _, _, err := Read(bytes.NewReader(empty)); err != ErrEmpty || len(empty) != HeadSize {
		t.Errorf("%x: %v", empty, err)
	}
	n := 0
	for h := range All(append(empty, wire...)) {
		if n++; n == 1 && h.Length != 0 {
			t.Errorf("the empty segment is %+v", h)
		}
	}
	if n != 1+len(want) {
		t.Errorf("%d segments, want %d", n, 1+len(want))
	}
}
