package txsubmission_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// While one goroutine asks for transactions, another gets an error from all that
// asks.
func TestInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := pipe.New()
		r := txsubmission.NewResponder(txsubmission.Spec(), us)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx, nil) }()
		for began := false; ; began = true { // the peer, which is asked for ids then
			synctest.Wait()
			for name, call := range map[string]func() error{ // any order
				"Init":         func() error { return r.Init(t.Context()) },
				"Run":          func() error { return r.Run(t.Context(), nil) },
				"RequestTxIDs": func() error { _, err := r.RequestTxIDs(t.Context(), 0, 1); return err },
				"RequestTxs":   func() error { _, err := r.RequestTxs(t.Context()); return err },
			} {
				if err := call(); !errors.Is(err, protocol.ErrInUse) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if began {
				break
			}
			if err := peer.Send(t.Context(), txsubmission.Init{}.AppendCBOR(nil), nil); err != nil {
				t.Fatal(err)
			}
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
		if err := r.Init(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
