package mux

import (
	"context"
	"net"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/protocol"
)

// A responder that takes the last bytes and ends before the reader says that
// they arrived is not started again for them.
func TestArrivedTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		m := New(ours, Config{})
		runs := 0
		m.Respond(&protocol.Spec{ID: 2, Name: "test", Ingress: 100}, OnOwn, func(context.Context, *Channel) error {
			runs++
			return nil
		})
		m.Start()
		m.arrived(m.channels[key{2, protocol.Responder}])
		synctest.Wait()
		if runs > 0 {
			t.Errorf("%d runs for no bytes", runs)
		}
		m.Close(t.Context())
	})
}
