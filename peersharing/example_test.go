package peersharing_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/peersharing"
)

// configured shares the peers of a configuration file.
type configured []netip.AddrPort

func (c configured) Peers(_ context.Context, amount int) ([]netip.AddrPort, error) {
	return c[:min(amount, len(c))], nil
}

// Whom does a peer know?
func ExampleInitiator_Request() {
	ctx := context.Background()
	us, peer := pipe.New() // two channels of a mux, in real life
	known := configured{netip.MustParseAddrPort("192.0.2.7:3001"), netip.MustParseAddrPort("[2001:db8::1]:3001")}
	done := make(chan error)
	go func() { done <- peersharing.Respond(ctx, peersharing.Spec(), peer, known, nil) }()

	i := peersharing.NewInitiator(peersharing.Spec(), us)
	peers, err := i.Request(ctx, 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range peers {
		fmt.Println(p)
	}

	if err := i.Done(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println("responder:", <-done)
	// Output:
	// 192.0.2.7:3001
	// [2001:db8::1]:3001
	// responder: <nil>
}
