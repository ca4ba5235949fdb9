package genpeer_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/internal/genpeer"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// outcome is how a conversation between a driver and a peer ended.
type outcome struct {
	driver, peer error
	ended        time.Time // of the driver
	said         int       // messages of the peer
	patient      bool      // the driver still waited after an hour
}

// converse runs the real driver of one side against a generated peer, each on a
// mux of its own.
func converse(t *testing.T, spec *protocol.Spec, role protocol.Role, fault genpeer.Fault, seed uint64) (o outcome) {
	r := rand.New(rand.NewPCG(seed, uint64(spec.ID)))
	a, b := net.Pipe()
	ours, theirs := mux.New(a, mux.Config{}), mux.New(b, mux.Config{})
	declare := (*mux.Mux).Channel
	if spec.ID == 0 {
		declare = (*mux.Mux).Handshake
	}
	mine, other := declare(ours, spec, role), declare(theirs, spec, role.Peer())
	if spec.ID != 0 {
		ours.Start()
		theirs.Start()
	}
	theirs.Hold()
	world := &genpeer.World{Rand: r, Magic: magic, Network: chaingen.Network(), Blocks: chain, Txs: txs}
	author, err := genpeer.NewAuthor(world, spec, role.Peer())
	if err != nil {
		t.Fatal(err)
	}
	steps := 5 + r.IntN(40)
	p := &genpeer.Peer{Spec: spec, Role: role.Peer(), Author: author, Rand: r, Fault: fault, At: r.IntN(8), Ahead: r.IntN(8), Steps: steps}
	if spec.ID == 0 {
		p.At = 0
	}
	p.Watch = func(ours bool, _ protocol.StateID, _ protocol.Message) {
		if ours {
			o.said++
		}
	}
	done := make(chan struct{})
	ours.Go(func(ctx context.Context) error {
		defer close(done)
		o.driver = drivers[spec.ID][role-1](ctx, spec, mine, rand.New(rand.NewPCG(seed, 1)))
		o.ended = time.Now()
		return o.driver
	})
	o.peer = p.Run(t.Context(), other)
	select {
	case <-done:
	case <-time.After(time.Hour):
		o.patient = true
	}
	theirs.Fail(net.ErrClosed)
	<-done
	ours.Close(t.Context())
	theirs.Close(t.Context())
	return o
}

// expected are the sentinels of which one must be the driver's verdict.
var expected = map[genpeer.Fault][]error{
	genpeer.WrongMessage: {protocol.ErrOutOfTurn},
	genpeer.WrongAgency:  {protocol.ErrOutOfTurn},
	genpeer.TooLarge:     {protocol.ErrTooLarge, protocol.ErrOverrun},
	genpeer.TooLate:      {protocol.ErrTimeout},
	genpeer.NoCBOR:       {protocol.ErrMalformed},
	genpeer.NoMessage:    {protocol.ErrMalformed},
	genpeer.WrongShape:   {protocol.ErrMalformed},
	genpeer.UnknownTag:   {protocol.ErrMalformed},
}

func isAny(err error, list []error) bool {
	for _, want := range list {
		if errors.Is(err, want) {
			return true
		}
	}
	return list == nil
}

// seeds is how many conversations each kind of peer has.
var seeds = flag.Uint64("seeds", 60, "conversations with each kind of peer")

// Random legal peers, over the real mux: no driver finds fault with any, and no
// driver does anything that a peer would find fault with.
func TestLegalPeers(t *testing.T) {
	for _, spec := range conformance.Protocols() {
		for _, role := range []protocol.Role{protocol.Initiator, protocol.Responder} {
			t.Run(spec.Name+" "+role.String(), func(t *testing.T) {
				said := 0
				for seed := range *seeds {
					synctest.Test(t, func(t *testing.T) {
						o := converse(t, spec, role, genpeer.Legal, seed)
						if o.driver != nil || o.peer != nil {
							t.Errorf("seed %d: driver: %v, peer: %v", seed, o.driver, o.peer)
						}
						said += o.said
					})
				}
				t.Logf("%d messages of legal peers", said)
			})
		}
	}
}

// possible reports whether a role can commit a fault in any of its states.
func possible(spec *protocol.Spec, role protocol.Role, fault genpeer.Fault) bool {
	for i, s := range spec.States {
		if s.Agency != role {
			continue
		}
		ok := true
		switch fault {
		case genpeer.WrongMessage:
			ok = len(genpeer.Foreign(spec, protocol.StateID(i), role)) > 0
		case genpeer.WrongAgency:
			ok = len(genpeer.Foreign(spec, protocol.StateID(i), role.Peer())) > 0
		case genpeer.TooLate:
			ok = s.Timeout != protocol.Timeout{}
		}
		if ok {
			return true
		}
	}
	return false
}

// Peers that break the protocol at some step are found out, each for what it
// did and, if it was silent, when it had been for as long as the table says.
func TestIllegalPeers(t *testing.T) {
	for _, spec := range conformance.Protocols() {
		for _, role := range []protocol.Role{protocol.Initiator, protocol.Responder} {
			for _, fault := range genpeer.Faults {
				if fault == genpeer.Surplus && conformance.Asks(spec) != role {
					continue // requests may come ahead of answers
				}
				t.Run(spec.Name+" "+role.String()+" "+fault.String(), func(t *testing.T) {
					found := 0
					for seed := range *seeds {
						synctest.Test(t, func(t *testing.T) {
							if verdict(t, spec, role, fault, seed) {
								found++
							}
						})
					}
					t.Logf("%d found out", found)
					if (found > 0) != possible(spec, role.Peer(), fault) {
						t.Errorf("%d found out, although the table leaves room for the fault: %t", found, found == 0)
					}
				})
			}
		}
	}
}

// verdict reports whether the peer got to its fault and was blamed for it.
func verdict(t *testing.T, spec *protocol.Spec, role protocol.Role, fault genpeer.Fault, seed uint64) bool {
	o := converse(t, spec, role, fault, seed)
	var broken *genpeer.Broken
	if !errors.As(o.peer, &broken) {
		if o.driver != nil {
			t.Errorf("seed %d: legal so far, but: driver: %v, peer: %v", seed, o.driver, o.peer)
		}
		return false
	}
	state := spec.States[broken.State]
	switch {
	case fault == genpeer.TooLate && state.Timeout == protocol.Timeout{}:
		if !o.patient {
			t.Errorf("seed %d: no time limit in %s, but %v", seed, state.Name, o.driver)
		}
		return false
	case !protocol.IsPeerFault(o.driver) || !isAny(o.driver, expected[fault]):
		t.Errorf("seed %d: in %s: %v (peer: %v)", seed, state.Name, o.driver, o.peer)
	case fault == genpeer.TooLate:
		if d := o.ended.Sub(broken.At); d < state.Timeout.Min || d > state.Timeout.Max {
			t.Errorf("seed %d: found out in %s after %v, want %v", seed, state.Name, d, state.Timeout)
		}
	}
	return true
}
