package keepalive_test

import (
	"testing"

	"github.com/ouronet/ouronet/conformance/messagetest"
	"github.com/ouronet/ouronet/keepalive"
)

// cases has the messages of (examples, 8), and others of the same form.
var cases = messagetest.Cases{
	Spec: keepalive.Spec(),
	Examples: []messagetest.Example{
		{"K1", "820019beef", keepalive.KeepAlive{Cookie: 48879}},
		{"K1s", "820005", keepalive.KeepAlive{Cookie: 5}},
		{"K2", "820119beef", keepalive.KeepAliveResponse{Cookie: 48879}},
		{"K3", "8102", keepalive.Done{}},
	},
	Readings: []messagetest.Example{
		{"A5: a wide integer", "8200190005", keepalive.KeepAlive{Cookie: 5}},
	},
	Refused: []messagetest.Refused{
		{"N19: cookie 65536", "82001a00010000", keepalive.KeepAlive{}},
		{"response with cookie 65536", "82011a00010000", keepalive.KeepAliveResponse{}},
		{"no cookie", "8100", keepalive.KeepAlive{}},
		{"two cookies", "83000506", keepalive.KeepAlive{}},
		{"indefinite message", "9f0005ff", keepalive.KeepAlive{}},
		{"negative cookie", "820020", keepalive.KeepAlive{}},
		{"done with a cookie", "820205", keepalive.Done{}},
		{"another tag", "820105", keepalive.KeepAlive{}},
	},
}

func TestMessages(t *testing.T) {
	if err := cases.Check(); err != nil {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) { cases.Fuzz(f, nil) }
