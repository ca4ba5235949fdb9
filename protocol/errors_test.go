package protocol_test

import (
	"io"
	"testing"

	"github.com/ouronet/ouronet/protocol"
)

// A violation is told with as much as is known of it.
func TestViolationText(t *testing.T) {
	for _, test := range []struct {
		err  protocol.ViolationError
		want string
	}{
		{protocol.ViolationError{Protocol: "quiz", State: "StBusy", Message: "Part", Err: io.EOF}, "peer broke quiz in StBusy with Part: EOF"},
		{protocol.ViolationError{Protocol: "quiz", State: "StBusy", Err: io.EOF}, "peer broke quiz in StBusy: EOF"},
		{protocol.ViolationError{Protocol: "mux", Err: io.EOF}, "peer broke mux: EOF"},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
