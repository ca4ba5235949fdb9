package peersharing_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
)

// configured shares the peers of a configuration file.
type configured []netip.AddrPort

func (c configured) Peers(_ context.Context, amount int) ([]netip.AddrPort, error) {
	return c[:min(amount, len(c))], nil
}

// Whom does a peer know?
func ExampleInitiator_Request() {
	ctx := context.Background()
	known := configured{netip.MustParseAddrPort("192.0.2.7:3001"), netip.MustParseAddrPort("[2001:db8::1]:3001")}
	a, b := net.Pipe()
	us, peer := mux.New(a, mux.Config{}), mux.New(b, mux.Config{})
	done := make(chan error, 1)
	peer.Respond(peersharing.Spec(), mux.OnOwn, func(ctx context.Context, c *mux.Channel) error {
		err := peersharing.Respond(ctx, peersharing.Spec(), c, known, nil)
		done <- err
		return err
	})
	channel := us.Channel(peersharing.Spec(), protocol.Initiator)
	peer.Start()
	us.Start()

	i := peersharing.NewInitiator(peersharing.Spec(), channel)
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
	us.Close(ctx)
	peer.Close(ctx)
	// Output:
	// 192.0.2.7:3001
	// [2001:db8::1]:3001
	// responder: <nil>
}
