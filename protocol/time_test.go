package protocol_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
)

// asked returns a session that waits for the answer to Ask.
func asked(t *testing.T) (*protocol.Session[msg], *pipe.End) {
	t.Helper()
	s, peer := session(protocol.Initiator)
	if err := s.Request(t.Context(), msg{kind: ask}); err != nil {
		t.Fatal(err)
	}
	return s, peer
}

// after calls f in a time.
func after(d time.Duration, f func()) { time.AfterFunc(d, f) }

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, peer := asked(t)
		start := time.Now()
		_, err := s.Recv(t.Context())
		wantViolation(t, err, protocol.ErrTimeout, "StBusy", "")
		if got := time.Since(start); got != 10*time.Second {
			t.Errorf("waited %v", got)
		}
		_ = peer
	})
}

// Bytes that do not complete a message do not extend the time.
func TestTimeoutOfDribble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, peer := asked(t)
		start := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for _, b := range sized(part, 100).AppendCBOR(nil)[:30] {
				put(t, peer, []byte{b})
				time.Sleep(time.Second)
			}
		}()
		_, err := s.Recv(t.Context())
		wantViolation(t, err, protocol.ErrTimeout, "StBusy", "")
		if got := time.Since(start); got != 10*time.Second {
			t.Errorf("waited %v", got)
		}
		<-done
	})
}

// A message that has begun has a time where the state has none, or a longer one.
func TestTimeOfUnfinishedMessage(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare []any // sent before
		request kind
		state   string
		next    kind
	}{
		{"no time", nil, leave, "StAway", arrived},
		{"longer time", []any{msg{kind: wait}}, ask, "StLate", end},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, peer := pipe.New()
				spec := quiz()
				spec.States[stLate].Timeout = protocol.After(time.Hour)
				s := protocol.NewSession[msg](spec, protocol.Initiator, ours)
				if err := s.Request(t.Context(), msg{kind: tt.request}); err != nil {
					t.Fatal(err)
				}
				for range tt.prepare {
					put(t, peer, tt.prepare...)
					if _, err := s.Recv(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				wire := sized(tt.next, 100).AppendCBOR(nil)
				after(90*time.Second, func() { put(t, peer, wire[:1]) })
				for i := range 20 { // a drip does not extend it
					after(100*time.Second+time.Duration(i)*time.Second, func() { put(t, peer, wire[1+i:2+i]) })
				}
				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
				defer cancel()
				_, err := s.Recv(ctx)
				wantViolation(t, err, protocol.ErrTimeout, tt.state, "")
				if got, want := time.Since(start), 90*time.Second+protocol.MessageTime; got != want {
					t.Errorf("waited %v, want %v", got, want)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s, peer := session(protocol.Initiator)
		if err := s.Request(t.Context(), msg{kind: leave}); err != nil {
			t.Fatal(err)
		}
		wire := msg{kind: arrived}.AppendCBOR(nil)
		after(time.Hour, func() { put(t, peer, wire[:1]) })
		after(time.Hour+protocol.MessageTime-time.Second, func() { put(t, peer, wire[1:]) })
		if _, err := s.Recv(t.Context()); err != nil {
			t.Errorf("a message that came in time: %v", err)
		}
	})
}

// Each message has its own time, and the time between receives, in which the
// caller works on a message, counts for none.
func TestTimeoutIsOfOneMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, peer := asked(t)
		for range 20 {
			after(9*time.Second, func() { put(t, peer, msg{kind: part}) })
			if _, err := s.Recv(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
		put(t, peer, msg{kind: part})
		time.Sleep(time.Hour)
		if _, err := s.Recv(t.Context()); err != nil {
			t.Errorf("a message that came in time: %v", err)
		}
	})
}

// A cancelled receive loses no bytes, and its wait counts: repeating it does
// not give the peer more time.
func TestCancelledReceive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, peer := asked(t)
		wire := sized(part, 100).AppendCBOR(nil)
		for i := range 9 {
			put(t, peer, wire[10*i:10*i+10])
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := s.Recv(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("cancelled receive: %v", err)
			}
			cancel()
		}
		put(t, peer, wire[90:])
		if m, err := s.Recv(t.Context()); err != nil || len(m.b) != len(wire)-4 {
			t.Fatalf("after nine cancelled receives: %v", err)
		}
		for range 6 {
			ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
			if _, err := s.Recv(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("cancelled receive: %v", err)
			}
			cancel()
			time.Sleep(time.Minute)
		}
		start := time.Now()
		_, err := s.Recv(t.Context())
		wantViolation(t, err, protocol.ErrTimeout, "StBusy", "")
		if got := time.Since(start); got != time.Second {
			t.Errorf("waited %v more, want 1s", got)
		}
	})
}

// A timeout with a range is drawn anew for each message, from Random.
func TestTimeoutRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		draws := []float64{0, 0.25, 0.999999}
		for _, draw := range draws {
			s, peer := asked(t)
			s.Random = func() float64 { return draw }
			put(t, peer, msg{kind: wait})
			if _, err := s.Recv(t.Context()); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, err := s.Recv(t.Context())
			wantViolation(t, err, protocol.ErrTimeout, "StLate", "")
			want := 20*time.Second + time.Duration(draw*float64(20*time.Second))
			if got := time.Since(start); got != want {
				t.Errorf("waited %v, want %v", got, want)
			}
		}
		// Two waits of one session draw twice.
		s, peer := asked(t)
		s.Random = func() float64 { return 0.9 }
		put(t, peer, msg{kind: wait})
		s.Recv(t.Context())
		after(30*time.Second, func() { put(t, peer, msg{kind: end}) })
		if _, err := s.Recv(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Random = func() float64 { return 0.1 }
		if err := s.Request(t.Context(), msg{kind: ask}); err != nil {
			t.Fatal(err)
		}
		put(t, peer, msg{kind: wait})
		s.Recv(t.Context())
		start := time.Now()
		s.Recv(t.Context())
		if got := time.Since(start); got != 22*time.Second {
			t.Errorf("waited %v, want 22s", got)
		}
		for range 1000 { // without Random
			s, peer := asked(t)
			put(t, peer, msg{kind: wait})
			s.Recv(t.Context())
			start := time.Now()
			s.Recv(t.Context())
			if got := time.Since(start); got < 20*time.Second || got >= 40*time.Second {
				t.Fatalf("waited %v", got)
			}
		}
	})
}

func TestNoTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, peer := session(protocol.Responder)
		after(1000*time.Hour, func() { put(t, peer, msg{kind: ask}) })
		if _, err := s.Recv(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A send that ends with its context has queued nothing, and may be repeated.
func TestCancelledSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := pipe.New()
		s := protocol.NewSession[msg](quiz(), protocol.Initiator, ours)
		if err := ours.Send(t.Context(), make([]byte, pipe.Bound), nil); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Request(ctx, msg{kind: ask}); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("cancelled: %v", err)
		}
		if s.Machine().State() != stIdle || s.Machine().Outstanding() != 0 {
			t.Error("the cancelled request is outstanding")
		}
		theirs.Consume(pipe.Bound)
		if sent := take(t, theirs); sent != nil {
			t.Errorf("sent %v", sent)
		}
		if err := s.Request(t.Context(), msg{kind: ask}); err != nil {
			t.Error(err)
		}
		if sent := take(t, theirs); len(sent) != 1 {
			t.Errorf("sent %v", sent)
		}
	})
}

// A Timeout whose Max is not above Min is always Min.
func TestDraw(t *testing.T) {
	half := func() float64 { return 0.5 }
	for _, test := range []struct {
		t    protocol.Timeout
		want time.Duration
	}{
		{protocol.Timeout{}, 0},
		{protocol.After(4), 4},
		{protocol.Timeout{Min: 4}, 4},
		{protocol.Between(4, 8), 6},
	} {
		if got := test.t.Draw(half); got != test.want {
			t.Errorf("%+v: %d, want %d", test.t, got, test.want)
		}
	}
}

func TestRoles(t *testing.T) {
	for role, want := range map[protocol.Role]string{
		protocol.Nobody: "nobody", protocol.Initiator: "initiator", protocol.Responder: "responder",
		3: "nobody", 5: "responder", // no role, and no panic
	} {
		if got := role.String(); got != want {
			t.Errorf("role %d is the %s, want %s", role, got, want)
		}
	}
}

// Either bound of a Timeout makes it one.
func TestTimeoutBounds(t *testing.T) {
	for _, test := range []struct {
		t    protocol.Timeout
		want time.Duration
	}{
		{protocol.Timeout{Min: 4 * time.Second}, 4 * time.Second},
		{protocol.Timeout{Max: 4 * time.Second}, 2 * time.Second},
		{protocol.After(1), 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			spec := quiz()
			spec.States[stBusy].Timeout = test.t
			ours, _ := pipe.New()
			s := protocol.NewSession[msg](spec, protocol.Initiator, ours)
			s.Random = func() float64 { return 0.5 }
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			if err := s.Request(ctx, msg{kind: ask}); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, err := s.Recv(ctx)
			if got := time.Since(start); got != test.want || !errors.Is(err, protocol.ErrTimeout) {
				t.Errorf("%+v: %v after %v", test.t, err, got)
			}
		})
	}
}
