package genpeer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/genpeer"
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
// mux and with a table of its own.
func converse(t *testing.T, own, spec *protocol.Spec, role protocol.Role, fault genpeer.Fault, seed uint64) (o outcome) {
	r := rand.New(rand.NewPCG(seed, uint64(spec.ID)))
	a, b := net.Pipe()
	ours, theirs := mux.New(a, mux.Config{}), mux.New(b, mux.Config{})
	declare := (*mux.Mux).Channel
	if spec.ID == 0 {
		declare = (*mux.Mux).Handshake
	}
	mine, other := declare(ours, own, role), declare(theirs, spec, role.Peer())
	if spec.ID != 0 {
		ours.Start()
		theirs.Start()
	}
	theirs.Hold()
	world := &genpeer.World{Rand: r, Magic: magic, Network: chaintest.Network(), Blocks: chain, Txs: txs}
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
		o.driver = drivers[spec.ID][role-1](ctx, own, mine, rand.New(rand.NewPCG(seed, 1)))
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

// expected are the sentinels of which one must be the driver's verdict. What is
// wrong may be longer than anything that would be right, see
// [protocol.Session].Most, and is cut off before the rest of it is seen.
var expected = map[genpeer.Fault][]error{
	genpeer.WrongMessage: {protocol.ErrOutOfTurn, protocol.ErrTooLarge},
	genpeer.WrongAgency:  {protocol.ErrOutOfTurn, protocol.ErrTooLarge},
	genpeer.TooLarge:     {protocol.ErrTooLarge, protocol.ErrOverrun},
	genpeer.TooLate:      {protocol.ErrTimeout},
	genpeer.NoCBOR:       {protocol.ErrMalformed, protocol.ErrTooLarge},
	genpeer.NoMessage:    {protocol.ErrMalformed, protocol.ErrTooLarge},
	genpeer.WrongShape:   {protocol.ErrMalformed, protocol.ErrTooLarge},
	genpeer.UnknownTag:   {protocol.ErrMalformed, protocol.ErrTooLarge},
}

func isAny(err error, list []error) bool {
	for _, want := range list {
		if errors.Is(err, want) {
			return true
		}
	}
	return list == nil
}

// verdict says whether the driver judged its peer rightly: found is set if it
// found it out, wrong if it should have judged otherwise.
func verdict(o outcome, spec *protocol.Spec, fault genpeer.Fault) (found bool, wrong error) {
	var broken *genpeer.Broken
	if !errors.As(o.peer, &broken) {
		if o.driver != nil || o.peer != nil {
			return false, fmt.Errorf("legal, but: driver: %v, peer: %v", o.driver, o.peer)
		}
		return false, nil
	}
	state := spec.States[broken.State]
	switch d := o.ended.Sub(broken.At); {
	case fault == genpeer.TooLate && state.Timeout == protocol.Timeout{}:
		if !o.patient {
			return false, fmt.Errorf("no time limit in %s, but %v", state.Name, o.driver)
		}
		return false, nil
	case !protocol.IsPeerFault(o.driver) || !isAny(o.driver, expected[fault]):
		return false, fmt.Errorf("in %s: %v (peer: %v)", state.Name, o.driver, o.peer)
	case fault == genpeer.TooLate && (d < state.Timeout.Min || d > state.Timeout.Max):
		return false, fmt.Errorf("found out in %s after %v, want %v", state.Name, d, state.Timeout)
	}
	return true, nil
}
