package peersharing_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/peersharing"
)

// With an answer owed, Done waits for it: Done may only be sent in turn.
func TestDoneWaitsForAnswer(t *testing.T) {
	ours, peer := pipe.New()
	i := peersharing.NewInitiator(peersharing.Spec(), ours)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := i.Request(ctx, 3); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	request := peersharing.ShareRequest{Amount: 3}.AppendCBOR(nil)
	if sent, _ := peer.Peek(0); len(sent) == 0 { // not sent, as ctx had ended
		other, stop := context.WithCancel(t.Context())
		asked := make(chan error)
		go func() {
			_, err := i.Request(other, 3)
			asked <- err
		}()
		<-peer.Ready()
		stop()
		if err := <-asked; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if err := i.Done(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Done: %v", err)
	}
	if sent, _ := peer.Peek(0); len(sent) != len(request) || i.Ended() {
		t.Errorf("sent %x, ended %t", sent, i.Ended())
	}
	// Once the answer is there, it works.
	if err := peer.Send(t.Context(), peersharing.SharePeers{}.AppendCBOR(nil), nil); err != nil {
		t.Fatal(err)
	}
	if err := i.Done(t.Context()); err != nil || !i.Ended() {
		t.Errorf("Done: %v, ended %t", err, i.Ended())
	}
}
