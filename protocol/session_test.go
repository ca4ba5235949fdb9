package protocol_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/protocol"
)

// session returns a session of the quiz, and the end that its peer writes to.
func session(role protocol.Role) (*protocol.Session[msg], *pipe.End) {
	ours, theirs := pipe.New()
	return protocol.NewSession[msg](quiz(), role, ours), theirs
}

// put has the peer send messages, or raw bytes.
func put(t testing.TB, peer *pipe.End, what ...any) {
	t.Helper()
	for _, w := range what {
		b, ok := w.([]byte)
		if !ok {
			b = w.(msg).AppendCBOR(nil)
		}
		if err := peer.Send(context.Background(), b, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// take returns the labels of the messages that the peer was sent.
func take(t testing.TB, peer *pipe.End) (got []string) {
	t.Helper()
	for {
		b, _ := peer.Peek(0)
		if len(b) == 0 {
			return got
		}
		m := msg{kind: kind(b[1])}
		raw := 3 + int(b[2]&0x1f) // short byte strings only
		if _, err := m.Decode(b[:raw]); err != nil {
			t.Fatal(err)
		}
		got = append(got, m.Label())
		peer.Consume(raw)
	}
}

func TestAnySplit(t *testing.T) {
	want := []msg{{part, []byte("one")}, sized(part, 300), {wait, nil}, sized(end, quizLimit)}
	var wire []byte
	for _, m := range want {
		wire = m.AppendCBOR(wire)
	}
	for chunk := 1; chunk <= 310; chunk++ {
		ours, theirs := pipe.New()
		ours.Chunk = chunk
		s := protocol.NewSession[msg](quiz(), protocol.Initiator, ours)
		if err := s.Request(t.Context(), msg{kind: ask}); err != nil {
			t.Fatal(err)
		}
		put(t, theirs, wire)
		for i := range want {
			got, err := s.Recv(t.Context())
			if err != nil || got.kind != want[i].kind || string(got.b) != string(want[i].b) {
				t.Fatalf("pieces of %d bytes: message %d is %v, %v", chunk, i, got, err)
			}
		}
	}
}

func TestLimit(t *testing.T) {
	for _, test := range []struct {
		name  string
		bytes []byte
		err   error
	}{
		{"exactly the limit", sized(part, quizLimit).AppendCBOR(nil), nil},
		{"one more", sized(part, quizLimit+1).AppendCBOR(nil), protocol.ErrTooLarge},
		// Nothing but the head of a long string has come.
		{"announced", []byte{0x82, 3, 0x59, 0x03, 0xe4}, protocol.ErrTooLarge},
		{"many items announced", []byte{0x9a, 0, 1, 0, 0}, protocol.ErrTooLarge},
		{"more than any message", []byte{0x82, 3, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, protocol.ErrMalformed},
		{"without end", append([]byte{0x9f}, make([]byte, quizLimit)...), protocol.ErrTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, peer := session(protocol.Initiator)
			if err := s.Request(t.Context(), msg{kind: ask}); err != nil {
				t.Fatal(err)
			}
			put(t, peer, test.bytes)
			_, err := s.Recv(t.Context())
			if test.err != nil {
				wantViolation(t, err, test.err, "StBusy", "")
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// What the session says that a message can have is a limit, too.
func TestMost(t *testing.T) {
	for _, tt := range []struct {
		most, size int
		err        error
	}{
		{50, 50, nil}, {50, 51, protocol.ErrTooLarge},
		{2 * quizLimit, quizLimit, nil}, {2 * quizLimit, quizLimit + 1, protocol.ErrTooLarge},
	} {
		s, peer := session(protocol.Initiator)
		s.Most = func() int { return tt.most }
		if err := s.Request(t.Context(), msg{kind: ask}); err != nil {
			t.Fatal(err)
		}
		put(t, peer, sized(part, tt.size))
		if _, err := s.Recv(t.Context()); !errors.Is(err, tt.err) {
			t.Errorf("%d bytes where %d are allowed: %v, want %v", tt.size, tt.most, err, tt.err)
		}
	}
}

func TestMalformed(t *testing.T) {
	deep := make([]byte, 200)
	for i := range deep {
		deep[i] = 0x81
	}
	for _, test := range []struct {
		name    string
		bytes   []byte
		err     error
		message string
	}{
		{"no CBOR", []byte{0xff}, protocol.ErrMalformed, ""},
		{"no array", []byte{0x03}, protocol.ErrMalformed, ""},
		{"empty array", []byte{0x80}, protocol.ErrMalformed, ""},
		{"indefinite array", []byte{0x9f, 3, 0x40, 0xff}, protocol.ErrMalformed, ""},
		{"no tag", []byte{0x81, 0x40}, protocol.ErrMalformed, ""},
		{"unknown tag", []byte{0x81, 23}, protocol.ErrMalformed, ""},
		{"nested deep", deep, protocol.ErrMalformed, ""},
		{"wrong content", []byte{0x82, 3, 3}, protocol.ErrMalformed, "Part"},
		{"message of another state", msg{kind: arrived}.AppendCBOR(nil), protocol.ErrOutOfTurn, "Arrived"},
		{"message of ours", msg{kind: ask}.AppendCBOR(nil), protocol.ErrOutOfTurn, "Ask"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, peer := session(protocol.Initiator)
			if err := s.Request(t.Context(), msg{kind: ask}); err != nil {
				t.Fatal(err)
			}
			put(t, peer, test.bytes)
			_, err := s.Recv(t.Context())
			wantViolation(t, err, test.err, "StBusy", test.message)
			if !protocol.IsPeerFault(err) {
				t.Error("not the peer's fault")
			}
		})
	}
}

// chosen is a message of the table that decodes to one that is not: which edge a
// tag stands for may depend on what follows it, as in tx-submission.
type chosen struct{ msg }

func (chosen) Decode([]byte) (protocol.Message, error) { return msg{kind: arrived}, nil }

func TestContentChoosesMessage(t *testing.T) {
	spec := quiz()
	edges := spec.States[stShort].Edges
	edges[0].Msg = chosen{edges[0].Msg.(msg)}
	ours, peer := pipe.New()
	s := protocol.NewSession[msg](spec, protocol.Initiator, ours)
	if err := s.Request(t.Context(), msg{kind: brief}); err != nil {
		t.Fatal(err)
	}
	put(t, peer, msg{kind: end})
	_, err := s.Recv(t.Context())
	wantViolation(t, err, protocol.ErrOutOfTurn, "StShort", "Arrived")
}

// What is of a later version is no fault, whether the message cannot be decoded
// or a rule outside the table finds it.
func TestUnsupported(t *testing.T) {
	s, peer := session(protocol.Initiator)
	if err := s.Request(t.Context(), msg{kind: ask}); err != nil {
		t.Fatal(err)
	}
	put(t, peer, msg{kind: part}.AppendCBOR(nil))
	m, err := s.Recv(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = s.Violation(m, fmt.Errorf("%w: of the future: %w", protocol.ErrMalformed, errors.ErrUnsupported))
	var unsupported *protocol.UnsupportedError
	if !errors.As(err, &unsupported) || unsupported.State != "StBusy" || unsupported.Message != "Part" || protocol.IsPeerFault(err) || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	if want := "Part in StBusy of quiz cannot be read: malformed message: of the future: unsupported operation"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

// Our own mistakes are refused, blame nobody and change nothing.
func TestOurMistakes(t *testing.T) {
	s, peer := session(protocol.Initiator)
	ctx := t.Context()
	refused := func(doing string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) || protocol.IsPeerFault(err) {
			t.Errorf("%s: %v", doing, err)
		}
	}
	refused("a large message", s.Send(ctx, sized(ask, quizLimit+1)), protocol.ErrTooLarge)
	refused("a large request", s.Request(ctx, sized(ask, quizLimit+1)), protocol.ErrTooLarge)
	refused("the peer's message", s.Send(ctx, msg{kind: part}), protocol.ErrAgency)
	_, err := s.Recv(ctx)
	refused("receiving in our own turn", err, protocol.ErrAgency)
	_, err = s.Ask(ctx, msg{kind: back})
	refused("a request of another state", err, protocol.ErrAgency)
	if s.Machine().State() != stIdle || s.Machine().Outstanding() != 0 || len(take(t, peer)) != 0 {
		t.Error("a refused message left traces")
	}
	if err := s.Send(ctx, sized(stop, quizLimit)); err != nil {
		t.Error(err)
	}
	refused("sending after the end", s.Send(ctx, msg{kind: ask}), protocol.ErrAgency)
}

func TestUnsolicited(t *testing.T) {
	s, peer := session(protocol.Initiator)
	put(t, peer, msg{kind: end})
	_, err := s.Ask(t.Context(), msg{kind: brief})
	wantViolation(t, err, protocol.ErrOutOfTurn, "StIdle", "")

	// The same while the loop rests.
	s, peer = session(protocol.Initiator)
	none := func(int) (msg, bool) { return msg{}, false }
	put(t, peer, msg{kind: end})
	for _, err := range s.Pipeline(t.Context(), none, make(chan struct{})) {
		wantViolation(t, err, protocol.ErrOutOfTurn, "StIdle", "")
	}
}

// served returns a session whose peer answers Ask with two parts and an end,
// and Brief with an end, with the content of the request.
func served(t *testing.T) *protocol.Session[msg] {
	testenv.CheckLeaks(t)
	ours, theirs := pipe.New()
	var peer sync.WaitGroup
	peer.Go(func() {
		s := protocol.NewSession[msg](quiz(), protocol.Responder, theirs)
		err := protocol.Serve(context.Background(), s, func(_ context.Context, req msg, reply func(msg) error) error {
			if req.kind == ask {
				for range 2 {
					if err := reply(msg{part, req.b}); err != nil {
						return err
					}
				}
			}
			return reply(msg{end, req.b})
		})
		if err != nil && err != io.EOF {
			t.Error(err)
		}
	})
	t.Cleanup(peer.Wait)
	t.Cleanup(ours.Close)
	return protocol.NewSession[msg](quiz(), protocol.Initiator, ours)
}

// After break the rest of the replies stays owed; the next call drops it.
func TestBreak(t *testing.T) {
	s := served(t)
	for i := range 10 {
		content := []byte{byte(i)}
		for m, err := range s.Exchange(t.Context(), msg{ask, content}) {
			if err != nil || !slices.Equal(m.b, content) || m.kind != part {
				t.Fatalf("round %d: %v, %v", i, m, err)
			}
			break
		}
		if n := s.Machine().Outstanding(); n != 1 {
			t.Fatalf("%d outstanding after break", n)
		}
	}
	if m, err := s.Ask(t.Context(), msg{brief, []byte("x")}); err != nil || m.kind != end || string(m.b) != "x" {
		t.Errorf("Ask: %v, %v", m, err)
	}
	// Pipelined requests stay, too.
	left := 5
	next := func(int) (msg, bool) { left--; return msg{kind: ask}, left >= 0 }
	for _, err := range s.Pipeline(t.Context(), next, nil) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if n := s.Machine().Outstanding(); n != 5 {
		t.Errorf("%d outstanding after break", n)
	}
	if err := s.Drain(t.Context()); err != nil || s.Machine().Outstanding() != 0 {
		t.Errorf("Drain: %v, %d outstanding", err, s.Machine().Outstanding())
	}
	if err := s.Send(t.Context(), msg{kind: stop}); err != nil {
		t.Error(err)
	}
}

// Replies come in the order of the requests, and a loop goes on with what an
// earlier one left.
func TestPipeline(t *testing.T) {
	s := served(t)
	const total = 1000
	sent, got := 0, 0
	next := func(outstanding int) (msg, bool) {
		if sent == total || outstanding == 50 {
			return msg{}, false
		}
		sent++
		return msg{brief, []byte{byte(sent), byte(sent >> 8)}}, true
	}
	for got < total {
		for m, err := range s.Pipeline(t.Context(), next, nil) {
			if err != nil {
				t.Fatal(err)
			}
			if got++; m.b[0] != byte(got) || m.b[1] != byte(got>>8) {
				t.Fatalf("reply %d is for request %v", got, m.b)
			}
			if got%77 == 0 {
				break
			}
		}
	}
	if sent != total || s.Machine().Outstanding() != 0 {
		t.Errorf("%d sent, %d outstanding", sent, s.Machine().Outstanding())
	}
}

// wake lets a loop that has nothing to ask, or waits for a reply, ask again.
func TestWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, peer := session(protocol.Initiator)
		wake := make(chan struct{})
		var queue []msg
		next := func(int) (m msg, ok bool) {
			if len(queue) == 0 {
				return msg{}, false
			}
			m, queue = queue[0], queue[1:]
			return m, true
		}
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan msg)
		go func() {
			defer close(got)
			for m, err := range s.Pipeline(ctx, next, wake) {
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					return
				}
				got <- m
			}
		}()
		synctest.Wait()
		time.Sleep(time.Hour) // resting has no time limit
		queue = append(queue, msg{kind: ask})
		wake <- struct{}{}
		synctest.Wait()
		if sent := take(t, peer); !slices.Equal(sent, []string{"Ask"}) {
			t.Errorf("after the first wake: %v", sent)
		}
		put(t, peer, msg{kind: wait}) // now in StLate
		<-got
		synctest.Wait()
		queue = append(queue, msg{kind: brief})
		wake <- struct{}{}
		synctest.Wait()
		if sent := take(t, peer); !slices.Equal(sent, []string{"Brief"}) {
			t.Errorf("woken while a reply is awaited: %v", sent)
		}
		wake <- struct{}{} // nothing to ask
		put(t, peer, msg{kind: end}, msg{kind: end})
		<-got
		<-got
		synctest.Wait()
		cancel()
		if m, ok := <-got; ok {
			t.Errorf("got %v after the end", m)
		}
	})
}

// busy is a Transport on which something happens just before the session
// begins to wait.
type busy struct {
	*pipe.End
	asked   int
	happens func()
}

func (b *busy) Ready() <-chan struct{} {
	if b.asked++; b.asked == 2 {
		b.happens()
	}
	return b.End.Ready()
}

// What came before the end is received even if the session learns of both at
// the same time.
func TestLastWords(t *testing.T) {
	for range 50 {
		ours, theirs := pipe.New()
		ctx, cancel := context.WithCancelCause(t.Context())
		s := protocol.NewSession[msg](quiz(), protocol.Responder, &busy{End: ours, happens: func() {
			put(t, theirs, msg{kind: stop})
			cancel(io.EOF)
		}})
		if m, err := s.Recv(ctx); err != nil || m.kind != stop {
			t.Fatalf("got %v, %v", m, err)
		}
	}
}

func TestEndOfBearer(t *testing.T) {
	s, peer := session(protocol.Initiator)
	if err := s.Request(t.Context(), msg{kind: ask}); err != nil {
		t.Fatal(err)
	}
	put(t, peer, msg{kind: part})
	peer.Close()
	if m, err := s.Recv(t.Context()); err != nil || m.kind != part {
		t.Errorf("what came before the end: %v, %v", m, err)
	}
	if _, err := s.Recv(t.Context()); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// An error is the last thing that a loop yields, whatever the loop body does.
func TestErrorEndsLoop(t *testing.T) {
	ctx := context.Background()
	none := func(int) (msg, bool) { return msg{}, false }
	again := func(int) (msg, bool) { return msg{kind: back}, true } // of another state
	for _, test := range []struct {
		name string
		loop func(*protocol.Session[msg]) iter.Seq2[msg, error]
		owed bool // a reply, before the loop
		gone bool // the bearer
		want error
	}{
		{"Exchange, draining", func(s *protocol.Session[msg]) iter.Seq2[msg, error] {
			return s.Exchange(ctx, msg{kind: brief})
		}, true, true, io.EOF},
		{"Exchange, requesting", func(s *protocol.Session[msg]) iter.Seq2[msg, error] {
			return s.Exchange(ctx, msg{kind: back})
		}, false, false, protocol.ErrAgency},
		{"Exchange, receiving", func(s *protocol.Session[msg]) iter.Seq2[msg, error] {
			return s.Exchange(ctx, msg{kind: ask})
		}, false, false, protocol.ErrTimeout},
		{"Pipeline, requesting", func(s *protocol.Session[msg]) iter.Seq2[msg, error] {
			return s.Pipeline(ctx, again, nil)
		}, false, false, protocol.ErrAgency},
		{"Pipeline, receiving", func(s *protocol.Session[msg]) iter.Seq2[msg, error] {
			return s.Pipeline(ctx, none, nil)
		}, true, true, io.EOF},
		{"Pipeline, resting", func(s *protocol.Session[msg]) iter.Seq2[msg, error] {
			return s.Pipeline(ctx, none, make(chan struct{}))
		}, false, true, io.EOF},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, peer := session(protocol.Initiator)
			if test.owed {
				if err := s.Request(t.Context(), msg{kind: ask}); err != nil {
					t.Fatal(err)
				}
			}
			if test.gone {
				peer.Close()
			}
			var errs []error
			for _, err := range test.loop(s) {
				if errs = append(errs, err); len(errs) > 3 {
					break
				}
			}
			if len(errs) != 1 || !errors.Is(errs[0], test.want) {
				t.Errorf("%s: got %v, want %v once", test.name, errs, test.want)
			}
		})
	}
}

// A single byte that was not asked for is noticed, by a loop that rests and by a
// request.
func TestUnsolicitedByte(t *testing.T) {
	s, peer := session(protocol.Initiator)
	put(t, peer, []byte{0x82})
	for _, err := range s.Pipeline(t.Context(), func(int) (msg, bool) { return msg{}, false }, make(chan struct{})) {
		wantViolation(t, err, protocol.ErrOutOfTurn, "StIdle", "")
		_, err := s.Ask(t.Context(), msg{kind: brief})
		wantViolation(t, err, protocol.ErrOutOfTurn, "StIdle", "")
		return
	}
	t.Error("the loop ended in order")
}

// other is the interface of another mini-protocol's messages.
type other interface {
	protocol.Message
	Other()
}

// A table with messages that are not the session's is a bug of ours.
func TestMessageOfOtherSession(t *testing.T) {
	ours, peer := pipe.New()
	put(t, peer, msg{kind: ask})
	s := protocol.NewSession[other](quiz(), protocol.Responder, ours)
	if _, err := s.Recv(t.Context()); err == nil || protocol.IsPeerFault(err) {
		t.Errorf("got %v", err)
	}
}

// A handler that does not finish its answer is a bug of ours.
func TestServe(t *testing.T) {
	type reply = func(msg) error
	ended := errors.New("ended")
	for _, test := range []struct {
		name   string
		handle func(reply) error
		want   error
		sent   []string
	}{
		{"in order", func(r reply) error { return errors.Join(r(msg{kind: part}), r(msg{kind: end})) }, nil,
			[]string{"Part", "End"}},
		{"unanswered", func(r reply) error { return r(msg{kind: part}) }, protocol.ErrAgency, []string{"Part"}},
		{"too much", func(r reply) error { return errors.Join(r(msg{kind: end}), r(msg{kind: end})) }, protocol.ErrAgency, []string{"End"}},
		{"failing", func(reply) error { return ended }, ended, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, peer := session(protocol.Responder)
			put(t, peer, msg{kind: ask}, msg{kind: stop})
			err := protocol.Serve(t.Context(), s, func(_ context.Context, req msg, r func(msg) error) error {
				if req.kind != ask {
					return fmt.Errorf("handled %s", req.Label())
				}
				return test.handle(r)
			})
			if !errors.Is(err, test.want) || protocol.IsPeerFault(err) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if test.name == "unanswered" && !strings.Contains(err.Error(), "left Ask of quiz unanswered") {
				t.Errorf("got %v", err)
			}
			if sent := take(t, peer); !slices.Equal(sent, test.sent) {
				t.Errorf("sent %v, want %v", sent, test.sent)
			}
		})
	}
}

// An answer may end the conversation.
func TestServeAnswersLast(t *testing.T) {
	spec := quiz()
	spec.States[stShort].Edges = []protocol.Edge{{Msg: msg{kind: end}, To: stDone}}
	ours, peer := pipe.New()
	put(t, peer, msg{kind: brief})
	s := protocol.NewSession[msg](spec, protocol.Responder, ours)
	err := protocol.Serve(t.Context(), s, func(_ context.Context, _ msg, reply func(msg) error) error {
		return reply(msg{kind: end})
	})
	if err != nil || !s.Machine().Done() {
		t.Errorf("got %v, done %t", err, s.Machine().Done())
	}
}

// A loop ends in order after the last reply.
func TestExchangeEnds(t *testing.T) {
	s := served(t)
	var got []string
	for m, err := range s.Exchange(t.Context(), msg{kind: ask}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.Label())
	}
	if !slices.Equal(got, []string{"Part", "Part", "End"}) {
		t.Errorf("got %v", got)
	}
}

// What is wrong with replies that are owed ends the next loop, too.
func TestExchangeOwed(t *testing.T) {
	s, peer := session(protocol.Initiator)
	if err := s.Request(t.Context(), msg{kind: ask}); err != nil {
		t.Fatal(err)
	}
	take(t, peer)
	put(t, peer, msg{kind: arrived})
	for _, err := range s.Exchange(t.Context(), msg{kind: brief}) {
		wantViolation(t, err, protocol.ErrOutOfTurn, "StBusy", "Arrived")
	}
	if sent := take(t, peer); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
}

// The limit of a pipelined request is that of the state it is sent from, not of
// the one where the peer is.
func TestLimitOfPipelined(t *testing.T) {
	spec := quiz()
	spec.States[stBusy].Limit = 10
	ours, _ := pipe.New()
	s := protocol.NewSession[msg](spec, protocol.Initiator, ours)
	for range 3 {
		if err := s.Request(t.Context(), sized(ask, quizLimit)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Request(t.Context(), sized(ask, quizLimit+1)); !errors.Is(err, protocol.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}
