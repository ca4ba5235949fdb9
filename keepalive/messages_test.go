package keepalive_test

import (
	"bytes"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/protocol"
)

// examples are the messages of (examples, 8).
var examples = []golden.Example{
	{"K1", "820019beef", keepalive.KeepAlive{Cookie: 48879}},
	{"K1s", "820005", keepalive.KeepAlive{Cookie: 5}},
	{"K2", "820119beef", keepalive.KeepAliveResponse{Cookie: 48879}},
	{"K3", "8102", keepalive.Done{}},
}

func TestGolden(t *testing.T) { golden.Check(t, examples) }

func TestDecode(t *testing.T) {
	tests := []struct {
		name, hex string
		proto     keepalive.Message
		want      protocol.Message // nil: refused
	}{
		{"A5: a wide integer", "8200190005", keepalive.KeepAlive{}, keepalive.KeepAlive{Cookie: 5}},
		{"N19: cookie 65536", "82001a00010000", keepalive.KeepAlive{}, nil},
		{"response with cookie 65536", "82011a00010000", keepalive.KeepAliveResponse{}, nil},
		{"no cookie", "8100", keepalive.KeepAlive{}, nil},
		{"two cookies", "83000506", keepalive.KeepAlive{}, nil},
		{"indefinite message", "9f0005ff", keepalive.KeepAlive{}, nil},
		{"negative cookie", "820020", keepalive.KeepAlive{}, nil},
		{"done with a cookie", "820205", keepalive.Done{}, nil},
		{"another tag", "820105", keepalive.KeepAlive{}, nil},
	}
	for _, test := range tests {
		got, err := test.proto.Decode(golden.Bytes(t, test.hex))
		if (err == nil) != (test.want != nil) || err == nil && got != test.want {
			t.Errorf("%s: got %v, %v; want %v", test.name, got, err, test.want)
		}
	}
}

func FuzzDecode(f *testing.F) { golden.Fuzz(f, keepalive.Spec(), examples, nil) }

// A conversation arrives the same however it is cut.
func TestAnySplit(t *testing.T) {
	for chunk := 1; chunk < 8; chunk++ {
		client, server := pipe.New()
		server.Chunk = chunk
		if err := client.Send(t.Context(), golden.Bytes(t, "820019beef"+"820005"+"8102"), nil); err != nil {
			t.Fatal(err)
		}
		if err := keepalive.Respond(t.Context(), keepalive.Spec(), server, nil); err != nil {
			t.Fatal(err)
		}
		if got, _ := client.Peek(0); !bytes.Equal(got, golden.Bytes(t, "820119beef820105")) {
			t.Errorf("chunks of %d: answered %x", chunk, got)
		}
	}
}
