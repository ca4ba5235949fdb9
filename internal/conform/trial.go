package conform

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/genpeer"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// trial is one connection that the node made.
type trial struct {
	h      *host
	breach *wrong // nil for none
	mux    *mux.Mux
	remote string
	agreed handshake.Agreement
	ended  time.Time // by the node; zero if it was not

	broken  *genpeer.Broken // the breach, if we got to it
	results []Result        // by mini-protocol
	running int             // conversations
	tasks   sync.WaitGroup  // they
}

// news is what a conversation came to, or a message of it.
type news struct {
	n     int // of the mini-protocol
	state protocol.StateID
	label string // of a message
	err   error  // at the end
}

// maxStale is how many connections that waited for us are given up for one trial.
const maxStale = 20

// trial takes the next connection and answers on it. It is nil if there is none.
// A connection that waited while another was looked at, and that the node ends
// before anything comes of it, tells nothing: the node may have given it up long
// ago.
func (h *host) trial(ctx context.Context, breach *wrong) (*trial, error) {
	for stale := 0; ; stale++ {
		conn, waited, err := h.next(ctx)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		t := h.answer(ctx, conn, breach)
		over := !t.ended.IsZero() && t.broken == nil && t.ended.Sub(began) < time.Second
		if !waited || !over || stale == maxStale || ctx.Err() != nil {
			return t, ctx.Err()
		}
	}
}

// answer answers on a connection until it is over.
func (h *host) answer(ctx context.Context, conn net.Conn, breach *wrong) *trial {
	h.number++
	t := &trial{h: h, breach: breach, remote: conn.RemoteAddr().String()}
	for _, spec := range conformance.Protocols() {
		r := Result{Name: fmt.Sprintf("%s (%d)", spec.Name, spec.ID)}
		for _, state := range spec.States {
			for _, e := range state.Edges {
				r.Transitions = append(r.Transitions, Transition{State: state.Name, Message: e.Msg.Label(), Sender: state.Agency})
			}
		}
		t.results = append(t.results, r)
	}
	// The node decides when a connection is over.
	t.mux = mux.New(conn, mux.Config{IdleTimeout: -1})
	defer func() {
		t.mux.Fail(net.ErrClosed)
		t.mux.Close(context.Background())
		t.tasks.Wait()
	}()
	t.run(ctx)
	return t
}

// run converses in all mini-protocols until the node ends the connection or
// time is up.
func (t *trial) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	all := make(chan news)
	tell := func(x news) {
		select {
		case all <- x:
		case <-ctx.Done():
		}
	}
	specs := conformance.Protocols()
	shake := t.mux.Handshake(specs[0], protocol.Responder)
	t.running = 1
	t.tasks.Go(func() { tell(t.converse(ctx, 0, specs[0], shake, tell)) })
	timer := time.NewTimer(t.h.cfg.Wait)
	defer timer.Stop()
	for {
		select {
		case x := <-all:
			if x.label != "" {
				t.took(x)
				continue
			}
			t.running--
			switch {
			case errors.As(x.err, &t.broken):
				patience := t.h.cfg.Patience
				if t.breach.fault == genpeer.TooLate {
					patience = t.breach.spec.States[t.breach.state].Timeout.Max + late
				}
				timer.Reset(patience)
				shake.Peek(0) // in the handshake, reading is what shows the end
			case x.n == 0 && x.err == nil && t.agreed.Version != 0:
				t.begin(ctx, specs, tell)
			case t.breach == nil && protocol.IsPeerFault(x.err):
				t.results[x.n].Faults = append(t.results[x.n].Faults, x.err.Error())
			}
		case <-t.mux.Done():
			t.ended = time.Now()
			for t.running > 0 { // one may be about to tell of the breach
				if x := <-all; x.label == "" {
					t.running--
					errors.As(x.err, &t.broken)
				}
			}
			if t.breach == nil {
				t.results[0].Faults = append(t.results[0].Faults, fmt.Sprintf("the connection ended: %v", t.mux.Err()))
			}
			return
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// begin starts what comes after the handshake.
func (t *trial) begin(ctx context.Context, specs []*protocol.Spec, tell func(news)) {
	channels := make([]*mux.Channel, len(specs))
	for n, spec := range specs[1:] {
		if spec.ID == 10 && !t.agreed.Data.PeerSharing {
			t.results[n+1].Note = "not negotiated by the node"
			continue
		}
		channels[n+1] = t.mux.Channel(spec, protocol.Responder)
	}
	t.mux.Start()
	for n, c := range channels {
		if c != nil {
			t.running++
			t.tasks.Go(func() { tell(t.converse(ctx, n, specs[n], c, tell)) })
		}
	}
}

// converse answers in a mini-protocol, again after its orderly end.
func (t *trial) converse(ctx context.Context, n int, spec *protocol.Spec, c *mux.Channel, tell func(news)) news {
	random := newRand(t.h.cfg.Seed, t.h.number*100+uint64(n))
	world := &genpeer.World{Rand: random, Magic: t.h.cfg.Network.Magic, Network: t.h.cfg.Network, Blocks: t.h.cfg.Blocks, Honest: true}
	for {
		author, err := genpeer.NewAuthor(world, spec, protocol.Responder)
		if err != nil {
			return news{n: n, err: err}
		}
		p := &genpeer.Peer{Spec: spec, Role: protocol.Responder, Author: author, Rand: random, Steps: 1 << 30}
		if b := t.breach; b != nil && b.spec.ID == spec.ID {
			p.Fault, p.Label = b.fault, b.label
			p.In = func(at protocol.StateID) bool { return at == b.state }
		}
		if n == 0 {
			p.Choose = func(protocol.StateID, []string) (string, string) { return "MsgAcceptVersion", "" }
		}
		p.Watch = func(ours bool, state protocol.StateID, m protocol.Message) {
			if accept, ok := m.(handshake.AcceptVersion); ok && ours {
				data, _ := handshake.DecodeData(accept.Entry.Raw, accept.Entry.Version)
				t.agreed = handshake.Agreement{Version: accept.Entry.Version, Data: data}
			}
			tell(news{n: n, state: state, label: m.Label()})
		}
		if err := p.Run(ctx, c); err != nil || n == 0 {
			return news{n: n, err: err}
		}
	}
}

// took counts a transition.
func (t *trial) took(x news) {
	name := conformance.Protocols()[x.n].States[x.state].Name
	for i := range t.results[x.n].Transitions {
		if tr := &t.results[x.n].Transitions[i]; tr.State == name && tr.Message == x.label {
			tr.Count++
		}
	}
}
