package cbor_test

import (
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
)

func TestMessage(t *testing.T) {
	b := cbor.AppendUint(cbor.AppendMessage(nil, 2, 4), 9)
	r := cbor.NewReader(b)
	r.Message(2, 4)
	if v := r.Uint(); v != 9 || r.Close() != nil {
		t.Errorf("got %d, %v", v, r.Err())
	}
	for _, test := range []struct {
		n   int
		tag uint64
		err string
	}{
		{3, 4, "cbor: want definite array of 3 at byte 0"},
		{2, 5, "cbor: want message tag 5 at byte 1"},
	} {
		r := cbor.NewReader(b)
		r.Message(test.n, test.tag)
		if err := r.Err(); err == nil || err.Error() != test.err {
			t.Errorf("Message(%d, %d): %v, want %s", test.n, test.tag, err, test.err)
		}
	}
}
