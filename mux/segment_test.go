package mux

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/ouronet/ouronet/protocol"
)

// The worked segments of the wire's description. (examples, 3)
var segments = []struct {
	name string
	hex  string
	want header
}{
	{"S1", "00000001000000178200a20e841a2d964a09f401f40f841a2d964a09f401f4", header{1, protocol.Initiator, 0, 23}},
	{"S2", "0000c3508000000c83010f841a2d964a09f401f4", header{50000, protocol.Responder, 0, 12}},
	{"S3", "0102030400080005820019beef", header{0x01020304, protocol.Initiator, 8, 5}},
	{"S4", "01020a0080080005820119beef", header{0x01020a00, protocol.Responder, 8, 5}},
	{"S5", "0000001000020006810081008100", header{16, protocol.Initiator, 2, 6}},
	{"S6", "000000208002000a8305821a080000005820", header{32, protocol.Responder, 2, 10}},
	{"S7", "000000208002004e222222222222222222222222222222222222222222222222222222222222222282821a08000000582022222222222222222222222222222222222222222222222222222222222222221a0096b43f",
		header{32, protocol.Responder, 2, 78}},
}

func TestHeader(t *testing.T) {
	for _, s := range segments {
		b, err := hex.DecodeString(s.hex)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseHeader(b)
		if err != nil || got != s.want || len(b) != headerSize+got.length {
			t.Errorf("%s: %+v, %v", s.name, got, err)
		}
		if again := s.want.append(nil); !bytes.Equal(again, b[:headerSize]) {
			t.Errorf("%s: encoded as %x", s.name, again)
		}
	}
}

func FuzzHeader(f *testing.F) {
	for _, s := range segments {
		b, _ := hex.DecodeString(s.hex)
		f.Add(b[:headerSize])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < headerSize {
			return
		}
		h, err := parseHeader(b)
		if (err != nil) != (b[6] == 0 && b[7] == 0) {
			t.Errorf("%x: %v", b, err)
		}
		if again := h.append(nil); !bytes.Equal(again, b[:headerSize]) {
			t.Errorf("%x became %x", b, again)
		}
	})
}
