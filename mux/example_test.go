package mux_test

import (
	"context"
	"fmt"
	"net"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// One connection by hand: the handshake, a responder on one side and an
// initiator on the other. Package node does this for all mini-protocols.
func Example() {
	ctx := context.Background()
	dialed, accepted := net.Pipe()
	versions := handshake.Versions(handshake.Data{Magic: 1})

	served := make(chan error)
	go func() {
		m := mux.New(accepted, mux.Config{})
		spec := handshake.Spec()
		if _, err := handshake.Answer(ctx, spec, m.Handshake(spec, protocol.Responder), versions); err != nil {
			m.Fail(err)
		}
		alive := keepalive.Spec()
		m.Respond(alive, mux.OnAny, func(ctx context.Context, c *mux.Channel) error {
			return keepalive.Respond(ctx, alive, c, nil)
		})
		m.Start()
		<-m.Done()
		served <- m.Close(ctx)
	}()

	m := mux.New(dialed, mux.Config{})
	spec := handshake.Spec()
	agreed, err := handshake.Propose(ctx, spec, m.Handshake(spec, protocol.Initiator), versions)
	if err != nil {
		fmt.Println(err)
		return
	}
	alive := keepalive.NewInitiator(keepalive.Spec(), m.Channel(keepalive.Spec(), protocol.Initiator))
	m.Start()
	m.Hold() // we use the connection
	_, err = alive.Ping(ctx, 7)
	m.Release()
	fmt.Println("version", agreed.Version, "ping", err)
	fmt.Println("close", m.Close(ctx), "there", <-served)
	// Output:
	// version 15 ping <nil>
	// close <nil> there EOF
}
