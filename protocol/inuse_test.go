package protocol_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
)

// Of many that begin at once, one may; after End the next one. The end of the
// conversation is seen from outside.
func TestBegin(t *testing.T) {
	us, _ := pipe.New()
	spec := quiz()
	s := protocol.NewSession[msg](spec, protocol.Initiator, us)
	for range 100 {
		got := make(chan error)
		for range 4 {
			go func() { got <- s.Begin() }()
		}
		refused := 0
		for range 4 {
			if err := <-got; errors.Is(err, protocol.ErrInUse) && strings.HasPrefix(err.Error(), spec.Name+": ") {
				refused++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if refused != 3 {
			t.Fatalf("%d of 4 were refused", refused)
		}
		s.End()
	}
}
