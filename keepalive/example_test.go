package keepalive_test

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// How far away is a peer?
func ExampleInitiator_Ping() {
	ctx := context.Background()
	a, b := net.Pipe()
	us, peer := mux.New(a, mux.Config{}), mux.New(b, mux.Config{})
	done := make(chan error, 1)
	peer.Respond(keepalive.Spec(), mux.OnOwn, func(ctx context.Context, c *mux.Channel) error {
		err := keepalive.Respond(ctx, keepalive.Spec(), c, nil)
		done <- err
		return err
	})
	channel := us.Channel(keepalive.Spec(), protocol.Initiator)
	peer.Start()
	us.Start()

	i := keepalive.NewInitiator(keepalive.Spec(), channel)
	rtt, err := i.Ping(ctx, 48879)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("near:", rtt < time.Minute)

	if err := i.Done(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println("responder:", <-done)
	us.Close(ctx)
	peer.Close(ctx)
	// Output:
	// near: true
	// responder: <nil>
}
