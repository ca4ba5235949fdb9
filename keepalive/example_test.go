package keepalive_test

import (
	"context"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/keepalive"
)

// How far away is a peer?
func ExampleInitiator_Ping() {
	ctx := context.Background()
	us, peer := pipe.New() // two channels of a mux, in real life
	done := make(chan error)
	go func() { done <- keepalive.Respond(ctx, keepalive.Spec(), peer, nil) }()

	i := keepalive.NewInitiator(keepalive.Spec(), us)
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
	// Output:
	// near: true
	// responder: <nil>
}
