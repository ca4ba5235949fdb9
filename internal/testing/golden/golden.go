// Package golden is what tests of encodings share: bytes written as hexadecimal
// digits, and what holds for each message of a mini-protocol, whether it is one of
// the worked examples or comes from a fuzzer.
package golden

import (
	"encoding/hex"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/protocol"
)

// Bytes returns the bytes that digits stands for. Spaces between the digits are for
// the reader.
func Bytes(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Example is a message and its only encoding that we send.
type Example = struct {
	Name, Hex string
	Msg       protocol.Message
}

// Check encodes and decodes the examples.
func Check(t *testing.T, examples []Example) {
	t.Helper()
	for _, e := range examples {
		if got := hex.EncodeToString(e.Msg.AppendCBOR(nil)); got != e.Hex {
			t.Errorf("%s: encoded %s, want %s", e.Name, got, e.Hex)
		}
		got, err := e.Msg.Decode(Bytes(t, e.Hex))
		if err != nil || !reflect.DeepEqual(got, e.Msg) {
			t.Errorf("%s: decoded %v, %v; want %v", e.Name, got, err, e.Msg)
		}
	}
}

// Fuzz decodes inputs as each message of spec, with the examples as seeds. What was
// decoded must have one of that message's labels, and mean the same when it is
// encoded and decoded again. Then check, if not nil, looks at it.
func Fuzz(f *testing.F, spec *protocol.Spec, examples []Example, check func(*testing.T, protocol.Message)) {
	for _, e := range examples {
		f.Add(Bytes(f, e.Hex))
	}
	labels := make(map[reflect.Type][]string)
	for _, state := range spec.States {
		for _, edge := range state.Edges {
			kind := reflect.TypeOf(edge.Msg)
			labels[kind] = append(labels[kind], edge.Msg.Label())
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, state := range spec.States {
			for _, edge := range state.Edges {
				msg, err := edge.Msg.Decode(raw)
				if err != nil {
					continue
				}
				again, err := edge.Msg.Decode(msg.AppendCBOR(nil))
				if err != nil || !reflect.DeepEqual(again, msg) || !slices.Contains(labels[reflect.TypeOf(edge.Msg)], msg.Label()) {
					t.Errorf("%x: %v, then %v, %v", raw, msg, again, err)
				}
				if check != nil {
					check(t, msg)
				}
			}
		}
	})
}
