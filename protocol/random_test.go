package protocol_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/protocol"
)

// answerer plays a random peer in the role that answers: it answers the
// oldest request that it was sent, or, if illegal, now and then says something
// that the table does not allow.
type answerer struct {
	spec  *protocol.Spec
	state protocol.StateID
}

// legal returns a random message that the peer may send now, and takes it.
func (a *answerer) legal(rng *rand.Rand) msg {
	edges := a.spec.States[a.state].Edges
	e := edges[rng.IntN(len(edges))]
	a.state = e.To
	return msg{kind: e.Msg.(msg).kind, b: make([]byte, rng.IntN(200))}
}

// illegal returns a random message that nobody may send now, or only we.
func (a *answerer) illegal(rng *rand.Rand) msg {
	for {
		m := msg{kind: kind(rng.IntN(len(labels)))}
		if a.spec.States[a.state].Agency != protocol.Responder {
			return m
		}
		allowed := false
		for _, e := range a.spec.States[a.state].Edges {
			allowed = allowed || e.Msg.Label() == m.Label()
		}
		if !allowed {
			return m
		}
	}
}

// Whatever a legal peer says is taken, and the first illegal message is a
// violation that names it; in pieces of any size.
func TestRandomPeers(t *testing.T) {
	spec := quiz()
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 0))
		ours, theirs := pipe.New()
		ours.Chunk = rng.IntN(50)
		s := protocol.NewSession[msg](spec, protocol.Initiator, ours)
		ctx := t.Context()
		var requests []kind // that the peer has not begun to answer
		peer := answerer{spec: spec}
		peerSays := func(m msg) { put(t, theirs, m) }
		for range 200 {
			// We ask for something.
			outstanding := s.Machine().Outstanding()
			if outstanding == 0 || outstanding < 20 && rng.IntN(2) == 0 {
				k := kind(rng.IntN(3))
				if s.Machine().State() == stThere {
					k = back
				}
				err := s.Request(ctx, msg{kind: k})
				if err == nil && k != back {
					requests = append(requests, k)
				} else if err != nil && (outstanding == 0 || !errors.Is(err, protocol.ErrAgency)) {
					t.Fatalf("seed %d: %s: %v", seed, labels[k], err)
				}
				if k == back {
					peer.state = stIdle
				}
				continue
			}
			// The peer says something.
			if spec.States[peer.state].Agency != protocol.Responder {
				peer.state = [...]protocol.StateID{ask: stBusy, brief: stShort, leave: stAway}[requests[0]]
				requests = requests[1:]
			}
			if rng.IntN(150) == 0 {
				bad := peer.illegal(rng)
				state := spec.States[peer.state].Name
				peerSays(bad)
				_, err := s.Recv(ctx)
				wantViolation(t, err, protocol.ErrOutOfTurn, state, bad.Label())
				break
			}
			want := peer.legal(rng)
			peerSays(want)
			got, err := s.Recv(ctx)
			if err != nil || got.kind != want.kind || len(got.b) != len(want.b) {
				t.Fatalf("seed %d: got %v, %v, want %s", seed, got, err, want.Label())
			}
		}
	}
}

// The side that answers is as strict.
func TestRandomRequests(t *testing.T) {
	spec := quiz()
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s, peer := session(protocol.Responder)
		answered := 0
		legal := rng.IntN(20)
		for range legal {
			put(t, peer, msg{kind: []kind{ask, brief}[rng.IntN(2)]})
		}
		bad := kind(3 + rng.IntN(5))
		put(t, peer, msg{kind: bad})
		err := protocol.Serve(t.Context(), s, func(_ context.Context, req msg, reply func(msg) error) error {
			answered++
			return reply(msg{kind: end})
		})
		wantViolation(t, err, protocol.ErrOutOfTurn, spec.States[stIdle].Name, labels[bad])
		if answered != legal {
			t.Errorf("answered %d of %d", answered, legal)
		}
	}
}

// FuzzSession feeds any bytes to either side of several mini-protocols. Our
// side sends what the bytes choose whenever it may.
func FuzzSession(f *testing.F) {
	for i, spec := range specs {
		for _, state := range spec.States {
			for _, e := range state.Edges {
				f.Add(uint8(i), false, []byte{0, 0}, e.Msg.AppendCBOR(nil))
				f.Add(uint8(i), true, []byte{1, 2}, e.Msg.AppendCBOR(nil))
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, initiator bool, choices, wire []byte) {
		spec := specs[int(which)%len(specs)]
		role := protocol.Responder
		if initiator {
			role = protocol.Initiator
		}
		ours, theirs := pipe.New()
		s := protocol.NewSession[protocol.Message](spec, role, ours)
		ctx := t.Context()
		sent := false
		for range 1000 {
			state := &spec.States[s.Machine().State()]
			if state.Agency == role && len(choices) > 0 && len(state.Edges) > 0 {
				e := state.Edges[int(choices[0])%len(state.Edges)]
				choices = choices[1:]
				if err := s.Request(ctx, e.Msg); err != nil {
					return
				}
				continue
			}
			if !sent {
				sent = true
				put(t, theirs, wire)
				theirs.Close()
			}
			if _, err := s.Recv(ctx); err != nil {
				return
			}
		}
	})
}

func TestSessionAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	s := protocol.NewSession[protocol.Message](quiz(), protocol.Initiator, &echo{})
	ctx := context.Background()
	var request protocol.Message = msg{kind: brief}
	if n := testing.AllocsPerRun(1000, func() {
		if err := s.Request(ctx, request); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recv(ctx); err != nil {
			t.Fatal(err)
		}
	}); n != 1 { // the reply that is handed out
		t.Errorf("%v allocations for a request and its reply, want 1", n)
	}
}

// echo is a Transport that answers Brief with End.
type echo struct{ unread []byte }

var reply = msg{kind: end}.AppendCBOR(nil)

func (e *echo) Send(context.Context, []byte, []byte) error { e.unread = reply; return nil }
func (e *echo) Peek(int) ([]byte, error)                   { return e.unread, nil }
func (e *echo) Ready() <-chan struct{}                     { return nil }
func (e *echo) Consume(n int)                              { e.unread = e.unread[n:] }

func BenchmarkSession(b *testing.B) {
	s := protocol.NewSession[protocol.Message](quiz(), protocol.Initiator, &echo{})
	ctx := context.Background()
	var request protocol.Message = msg{kind: brief}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Request(ctx, request); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Recv(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
