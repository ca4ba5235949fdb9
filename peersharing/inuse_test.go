package peersharing_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
)

// While one goroutine waits for addresses, another gets an error from everything.
func TestInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := pipe.New()
		i := peersharing.NewInitiator(peersharing.Spec(), us)
		ended := make(chan error, 1)
		go func() {
			_, err := i.Request(t.Context(), 3)
			ended <- err
		}()
		synctest.Wait()
		if _, err := i.Request(t.Context(), 4); !errors.Is(err, protocol.ErrInUse) {
			t.Errorf("Request: %v", err)
		}
		if err := i.Done(t.Context()); !errors.Is(err, protocol.ErrInUse) || i.Ended() {
			t.Errorf("Done: %v, ended %t", err, i.Ended())
		}
		if err := peer.Send(t.Context(), peersharing.SharePeers{}.AppendCBOR(nil), nil); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := i.Done(t.Context()); err != nil || !i.Ended() {
			t.Errorf("Done: %v, ended %t", err, i.Ended())
		}
	})
}
