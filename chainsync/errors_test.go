package chainsync_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

var errOurs = errors.New("found by the caller")

// What the caller finds wrong with an update is the peer's fault.
func TestViolation(t *testing.T) {
	ours, _ := pipe.New()
	i := chainsync.NewInitiator(chainsync.Spec(), ours)
	err := i.Violation(chainsync.RollBackward{}, errOurs)
	var v *protocol.ViolationError
	if !errors.Is(err, errOurs) || !errors.As(err, &v) || v.Message != "MsgRollBackward" {
		t.Errorf("got %v", err)
	}
}

// broken is a Source that fails at one of its methods.
type broken struct{ at string }

func (b broken) fail(at string) error {
	if b.at == at {
		return errOurs
	}
	return nil
}

func (b broken) Intersect(context.Context, []ledger.Point) (ledger.Point, ledger.Tip, error) {
	return ledger.Origin, ledger.Tip{}, b.fail("Intersect")
}
func (b broken) Next(context.Context) (chainsync.Update, error) { return nil, b.fail("Next") }
func (b broken) Wait(context.Context) error                     { return b.fail("Wait") }

// An error of the source ends the session and comes back as it is.
func TestSourceFails(t *testing.T) {
	for at, request := range map[string]chainsync.Message{ // any order
		"Intersect": chainsync.FindIntersect{}, "Next": chainsync.RequestNext{}, "Wait": chainsync.RequestNext{},
	} {
		ours, peer := pipe.New()
		if err := peer.Send(t.Context(), request.AppendCBOR(nil), nil); err != nil {
			t.Fatal(err)
		}
		if err := chainsync.Respond(t.Context(), chainsync.Spec(), ours, broken{at}); err != errOurs {
			t.Errorf("%s: got %v", at, err)
		}
	}
}
