package keepalive_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/ouronet/ouronet/internal/pipe"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/protocol"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// golden holds the messages of (examples, 8).
var golden = []struct {
	id, hex string
	msg     keepalive.Message
}{
	{"K1", "820019beef", keepalive.KeepAlive{Cookie: 48879}},
	{"K1s", "820005", keepalive.KeepAlive{Cookie: 5}},
	{"K2", "820119beef", keepalive.KeepAliveResponse{Cookie: 48879}},
	{"K3", "8102", keepalive.Done{}},
}

func TestGolden(t *testing.T) {
	for _, g := range golden {
		if got := hex.EncodeToString(g.msg.AppendCBOR(nil)); got != g.hex {
			t.Errorf("%s: encoded %s, want %s", g.id, got, g.hex)
		}
		got, err := g.msg.Decode(unhex(t, g.hex))
		if err != nil || got != g.msg {
			t.Errorf("%s: decoded %v, %v; want %v", g.id, got, err, g.msg)
		}
	}
}

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
		got, err := test.proto.Decode(unhex(t, test.hex))
		if (err == nil) != (test.want != nil) || err == nil && got != test.want {
			t.Errorf("%s: got %v, %v; want %v", test.name, got, err, test.want)
		}
	}
}

// Whatever is decoded is one message with one encoding.
func FuzzDecode(f *testing.F) {
	for _, g := range golden {
		f.Add(unhex(f, g.hex))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, proto := range []protocol.Message{keepalive.KeepAlive{}, keepalive.KeepAliveResponse{}, keepalive.Done{}} {
			msg, err := proto.Decode(raw)
			if err != nil {
				continue
			}
			again, err := proto.Decode(msg.AppendCBOR(nil))
			if err != nil || again != msg || msg.Label() != proto.Label() {
				t.Errorf("%x: %v, then %v, %v", raw, msg, again, err)
			}
		}
	})
}

// A conversation arrives the same however it is cut.
func TestAnySplit(t *testing.T) {
	for chunk := 1; chunk < 8; chunk++ {
		client, server := pipe.New()
		server.Chunk = chunk
		if err := client.Send(t.Context(), unhex(t, "820019beef"+"820005"+"8102"), nil); err != nil {
			t.Fatal(err)
		}
		if err := keepalive.Respond(t.Context(), keepalive.Spec(), server, nil); err != nil {
			t.Fatal(err)
		}
		if got, _ := client.Peek(0); !bytes.Equal(got, unhex(t, "820119beef820105")) {
			t.Errorf("chunks of %d: answered %x", chunk, got)
		}
	}
}
