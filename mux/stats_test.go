package mux_test

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// Bytes count as received when they come, as read when a session has looked at them,
// and as a message when it has taken one; as queued until the peer's end has them.
func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		began := time.Now()
		ma, mb := pair(t, a, b, mux.Config{IdleTimeout: -1})
		spec := keepalive.Spec()
		spec.Ingress = 100
		ca, cb := ma.Channel(spec, protocol.Initiator), mb.Channel(spec, protocol.Responder)
		ma.Start() // the other side does not read yet
		check := func(what string, m *mux.Mux, want mux.ChannelStats) {
			t.Helper()
			want.Protocol, want.Number, want.QueueLimit, want.UnreadLimit = spec.Name, spec.ID, mux.Control.EgressMark(), 100
			if got := m.Stats(); len(got) != 1 || got[0] != want {
				t.Errorf("%s:\n%+v, want\n%+v", what, got, want)
			}
		}
		for _, body := range []string{"seven", "and"} {
			if err := ca.Send(t.Context(), []byte("ab"), []byte(body)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		sent := mux.ChannelStats{Role: protocol.Initiator, Sent: mux.Count{Messages: 2, Bytes: 12}, Queued: 12}
		check("nothing read", ma, sent)
		mb.Start()
		synctest.Wait()
		sent.Queued = 0
		check("all read", ma, sent)
		got := mux.ChannelStats{Role: protocol.Responder, Received: mux.Count{Bytes: 12}, Unread: 12}
		check("not looked at", mb, got)
		cb.Peek(0)
		check("looked at nothing", mb, got)
		cb.Peek(5)
		got.Unread = 7
		check("looked at a part", mb, got)
		cb.Consume(7)
		got.Unread, got.Received.Messages = 5, 1
		check("took a message", mb, got)
		if !ma.EndedAt().IsZero() {
			t.Error("it has not ended")
		}
		time.Sleep(time.Second)
		drop(mb)
		time.Sleep(time.Second)
		check("after the end", mb, got)
		for _, m := range []*mux.Mux{ma, mb} {
			if at := m.EndedAt(); !at.Equal(began.Add(time.Second)) {
				t.Errorf("ended at %v, and began at %v", at, began)
			}
		}
	})
}
