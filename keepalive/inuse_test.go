package keepalive_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/protocol"
)

// While Run runs, be it between two pings, other calls return an error and send
// nothing.
func TestInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := pipe.New()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go keepalive.Respond(ctx, keepalive.Spec(), peer, nil)
		i := keepalive.NewInitiator(keepalive.Spec(), us)
		pings := 0
		ended := make(chan error, 1)
		running, stop := context.WithTimeout(t.Context(), 25*time.Second)
		defer stop()
		go func() { ended <- i.Run(running, 0, func(time.Duration) { pings++ }) }()
		for range 4 {
			time.Sleep(5 * time.Second)
			if _, err := i.Ping(t.Context(), 7); !errors.Is(err, protocol.ErrInUse) {
				t.Errorf("Ping: %v", err)
			}
			if err := i.Run(t.Context(), 0, nil); !errors.Is(err, protocol.ErrInUse) {
				t.Errorf("Run: %v", err)
			}
			if err := i.Done(t.Context()); !errors.Is(err, protocol.ErrInUse) {
				t.Errorf("Done: %v", err)
			}
		}
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) || pings != 3 {
			t.Errorf("%d pings, ended with %v", pings, err)
		}
		if _, err := i.Ping(t.Context(), 7); err != nil {
			t.Error(err)
		}
		if err := i.Done(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
