package chainsync_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/pipe"
)

// That the peer has no more for now is told in its place among the updates.
func TestOnAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := pipe.New()
		i := chainsync.NewInitiator(chainsync.Spec(), us)
		send := func(messages ...chainsync.Message) {
			for _, m := range messages {
				if err := peer.Send(t.Context(), m.AppendCBOR(nil), nil); err != nil {
					t.Error(err)
				}
			}
		}
		forward := chainsync.RollForward{Header: header("1"), Tip: tip("9")} // eight more
		go func() {
			<-peer.Ready()
			send(forward)
			synctest.Wait() // two requests and more are outstanding
			send(forward, chainsync.AwaitReply{})
			synctest.Wait()
			send(forward)
			synctest.Wait()
			send(chainsync.AwaitReply{}, forward)
		}()
		var log []string
		i.OnAwait(func() { log = append(log, "await") })
		for _, err := range i.Updates(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if log = append(log, "update"); len(log) == 6 {
				break
			}
		}
		if want := []string{"update", "update", "await", "update", "await", "update"}; !slices.Equal(log, want) {
			t.Errorf("got %q, want %q", log, want)
		}
	})
}
