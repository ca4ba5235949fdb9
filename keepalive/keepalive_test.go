package keepalive_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/protocol"
)

// Run pings at once, then ten seconds after each answer, with its own cookies.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := pipe.New()
		served := make(chan error, 1)
		var seen []uint16
		go func() {
			s := protocol.NewSession[keepalive.Message](keepalive.Spec(), protocol.Responder, server)
			served <- protocol.Serve(t.Context(), s, func(_ context.Context, req keepalive.Message, reply func(keepalive.Message) error) error {
				time.Sleep(2 * time.Second)
				cookie := req.(keepalive.KeepAlive).Cookie
				seen = append(seen, cookie)
				return reply(keepalive.KeepAliveResponse{Cookie: cookie})
			})
		}()

		i := keepalive.NewInitiator(keepalive.Spec(), client)
		next := uint16(65534)
		i.Cookie = func() uint16 { next++; return next }
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		start := time.Now()
		var at []time.Duration
		err := i.Run(ctx, 0, func(rtt time.Duration) {
			if rtt != 2*time.Second {
				t.Errorf("round trip of %v", rtt)
			}
			at = append(at, time.Since(start))
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
		if len(at) != 2 || at[0] != 2*time.Second || at[1] != 14*time.Second {
			t.Errorf("answers after %v", at)
		}
		// The third ping was cut off one second after it was sent.
		if err := i.Done(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
		if len(seen) != 3 || seen[0] != 65535 || seen[1] != 0 || seen[2] != 1 {
			t.Errorf("cookies %v", seen)
		}
	})
}

// Stop ends Run between two pings: one under way is answered first, and Done may
// follow.
func TestRunStops(t *testing.T) {
	for _, after := range []time.Duration{time.Second, 5 * time.Second} { // during the first ping, and after it
		synctest.Test(t, func(t *testing.T) {
			client, server := pipe.New()
			served := make(chan error, 1)
			pings := 0
			go func() {
				s := protocol.NewSession[keepalive.Message](keepalive.Spec(), protocol.Responder, server)
				served <- protocol.Serve(t.Context(), s, func(_ context.Context, req keepalive.Message, reply func(keepalive.Message) error) error {
					pings++
					time.Sleep(2 * time.Second)
					return reply(keepalive.KeepAliveResponse{Cookie: req.(keepalive.KeepAlive).Cookie})
				})
			}()
			stop := make(chan struct{})
			time.AfterFunc(after, func() { close(stop) })
			i := keepalive.NewInitiator(keepalive.Spec(), client)
			i.Stop = stop
			start := time.Now()
			err := i.Run(t.Context(), 0, nil)
			if d := time.Since(start); err != nil || d != max(after, 2*time.Second) {
				t.Errorf("after %v: %v", d, err)
			}
			if err := i.Done(t.Context()); err != nil || <-served != nil || pings != 1 {
				t.Error(err, pings)
			}
		})
	}
}

// A cancelled ping can be repeated; its late answer is not taken for the new one.
func TestPingAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := pipe.New()
		i := keepalive.NewInitiator(keepalive.Spec(), client)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := i.Ping(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		go func() {
			if err := keepalive.Respond(t.Context(), keepalive.Spec(), server, nil); err != nil {
				t.Error(err)
			}
		}()
		if rtt, err := i.Ping(t.Context(), 2); err != nil || rtt != 0 {
			t.Errorf("%v, %v", rtt, err)
		}
		if err := i.Done(t.Context()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}

func TestIllegalResponders(t *testing.T) {
	tests := []struct {
		name    string
		bytes   string
		want    error
		state   string
		message string
		after   time.Duration
	}{
		{"wrong cookie", "820106", keepalive.ErrCookie, "StServer", "MsgKeepAliveResponse", 0},
		{"asks back", "820005", protocol.ErrOutOfTurn, "StServer", "MsgKeepAlive", 0},
		{"done", "8102", protocol.ErrOutOfTurn, "StServer", "MsgDone", 0},
		{"cookie 65541", "82011a00010005", protocol.ErrMalformed, "StServer", "MsgKeepAliveResponse", 0},
		{"unknown tag", "8103", protocol.ErrMalformed, "StServer", "", 0},
		{"not CBOR", "ff", protocol.ErrMalformed, "StServer", "", 0},
		{"announces too much", "82015a00010000", protocol.ErrTooLarge, "StServer", "", 0},
		{"silence", "", protocol.ErrTimeout, "StServer", "", 60 * time.Second},
		{"half an answer", "8201", protocol.ErrTimeout, "StServer", "", 60 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := pipe.New()
				i := keepalive.NewInitiator(keepalive.Spec(), client)
				go func() {
					<-server.Ready()
					if err := server.Send(t.Context(), golden.Bytes(t, test.bytes), nil); err != nil {
						t.Error(err)
					}
				}()
				start := time.Now()
				_, err := i.Ping(t.Context(), 5)
				checkViolation(t, err, test.want, test.state, test.message)
				if took := time.Since(start); took != test.after {
					t.Errorf("took %v, want %v", took, test.after)
				}
			})
		})
	}
}

func TestIllegalInitiators(t *testing.T) {
	tests := []struct {
		name    string
		bytes   string
		want    error
		message string
		after   time.Duration
	}{
		{"answers", "820105", protocol.ErrOutOfTurn, "MsgKeepAliveResponse", 0},
		{"N19", "82001a00010000", protocol.ErrMalformed, "MsgKeepAlive", 0},
		{"goes on after a ping", "820005" + "820105", protocol.ErrOutOfTurn, "MsgKeepAliveResponse", 0},
		{"silence", "", protocol.ErrTimeout, "", 97 * time.Second},
		{"half a ping", "8200", protocol.ErrTimeout, "", protocol.MessageTime},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := pipe.New()
				if err := client.Send(t.Context(), golden.Bytes(t, test.bytes), nil); err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				err := keepalive.Respond(t.Context(), keepalive.Spec(), server, nil)
				checkViolation(t, err, test.want, "StClient", test.message)
				if took := time.Since(start); took != test.after {
					t.Errorf("took %v, want %v", took, test.after)
				}
			})
		})
	}
}

func checkViolation(t *testing.T, err, want error, state, message string) {
	t.Helper()
	var v *protocol.ViolationError
	if !errors.As(err, &v) || !errors.Is(err, want) {
		t.Fatalf("got %v, want a violation that is %v", err, want)
	}
	if v.Protocol != "keep-alive" || v.State != state || v.Message != message {
		t.Errorf("blamed %q in %q with %q, want %q with %q", v.Protocol, v.State, v.Message, state, message)
	}
}

// A dead connection is nobody's fault.
func TestClosed(t *testing.T) {
	client, server := pipe.New()
	server.Close()
	if _, err := keepalive.NewInitiator(keepalive.Spec(), client).Ping(t.Context(), 1); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if err := keepalive.Respond(t.Context(), keepalive.Spec(), server, nil); !errors.Is(err, io.EOF) || protocol.IsPeerFault(err) {
		t.Error(err)
	}
}

func TestSpec(t *testing.T) {
	s := keepalive.Spec()
	if s.Ingress != 1408 || s.ID != 8 {
		t.Errorf("ingress %d, number %d", s.Ingress, s.ID)
	}
	for n := range s.States {
		if s.Pipelines(keepalive.StClient, protocol.StateID(n)) != (protocol.StateID(n) == keepalive.StServer) {
			t.Errorf("pipelining into state %d", n)
		}
	}
	s.States[0].Limit = 1
	if keepalive.Spec().States[0].Limit != 65535 {
		t.Error("Spec returns shared memory")
	}
}

// looped answers every ping with the same bytes, without another goroutine.
type looped struct {
	answer []byte
	have   []byte
	ready  chan struct{}
}

func (l *looped) Send(context.Context, []byte, []byte) error { l.have = l.answer; return nil }
func (l *looped) Peek(int) ([]byte, error)                   { return l.have, nil }
func (l *looped) Ready() <-chan struct{}                     { return l.ready }
func (l *looped) Consume(n int)                              { l.have = l.have[n:] }

// A ping costs its two messages as interface values, and what the iterator
// behind them needs.
func TestPingAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	i := keepalive.NewInitiator(keepalive.Spec(), &looped{answer: golden.Bytes(t, "820119beef")})
	n := testing.AllocsPerRun(100, func() {
		if _, err := i.Ping(context.Background(), 48879); err != nil {
			t.Fatal(err)
		}
	})
	if n > 4 {
		t.Errorf("%v allocations a ping, want at most 4", n)
	}
}
