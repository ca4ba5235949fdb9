package chainsync_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// While one goroutine waits for a header, another gets an error from everything,
// and the first one its header. The loop body is part of the loop.
func TestInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := pipe.New()
		i := chainsync.NewInitiator(chainsync.Spec(), us)
		try := func() {
			t.Helper()
			if _, _, err := i.Intersect(t.Context(), ledger.Origin); !errors.Is(err, protocol.ErrInUse) {
				t.Errorf("Intersect: %v", err)
			}
			for _, err := range i.Updates(t.Context()) {
				if !errors.Is(err, protocol.ErrInUse) {
					t.Errorf("Updates: %v", err)
				}
			}
			if err := i.Done(t.Context()); !errors.Is(err, protocol.ErrInUse) || i.Ended() {
				t.Errorf("Done: %v, ended %t", err, i.Ended())
			}
		}
		ended := make(chan error, 1)
		go func() {
			for u, err := range i.Updates(t.Context()) {
				if err == nil && nameOfHeader(u.(chainsync.RollForward).Header) != "1" {
					t.Errorf("got %v", u)
				}
				try()
				ended <- err
				return
			}
		}()
		synctest.Wait()
		try()
		if err := peer.Send(t.Context(), chainsync.RollForward{Header: header("1"), Tip: tip("1")}.AppendCBOR(nil), nil); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if err := i.Done(t.Context()); err != nil || !i.Ended() {
			t.Errorf("Done: %v, ended %t", err, i.Ended())
		}
		want := chainsync.Done{}.AppendCBOR(chainsync.RequestNext{}.AppendCBOR(nil))
		if sent, _ := peer.Peek(0); string(sent) != string(want) {
			t.Errorf("sent %x, want %x", sent, want)
		}
	})
}
