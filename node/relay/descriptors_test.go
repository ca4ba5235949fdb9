package relay

import (
	"errors"
	"testing"

	"github.com/ouronet/ouronet/node"
)

func TestFitDescriptors(t *testing.T) {
	for _, test := range []struct {
		inbound, peers, limit int
		want                  int // Limits.Inbound afterwards, -1 for an error
	}{
		{0, 3, 0, 0},
		{0, 3, 1024, 0},
		{512, 3, 512 + 64 + 6 + 64, 512},
		{512, 3, 512 + 64 + 6 + 63, 511},
		{0, 3, 256, 122},
		{0, 3, 135, 1},
		{0, 3, 134, -1},
	} {
		l := node.Limits{Inbound: test.inbound}
		need, err := fitDescriptors(&l, test.peers, test.limit)
		if test.want < 0 {
			if !errors.Is(err, errDescriptors) {
				t.Errorf("%+v: error %v", test, err)
			}
			continue
		}
		if err != nil || l.Inbound != test.want || need != 512+64+6+64 {
			t.Errorf("%+v: %d, need %d, %v", test, l.Inbound, need, err)
		}
	}
	if descriptorLimit() < 0 {
		t.Error("the limit is negative")
	}
}
