package handshake_test

import (
	"context"
	"fmt"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/pipe"
)

// Two nodes agree, of which one does not want to be asked anything.
func ExamplePropose() {
	ctx := context.Background()
	us, peer := pipe.New() // the handshake channels of two muxes, in real life
	go func() {
		relay := handshake.Data{Magic: 1, PeerSharing: true}
		handshake.Answer(ctx, handshake.Spec(), peer, handshake.Versions(relay))
	}()

	wallet := handshake.Data{Magic: 1, InitiatorOnly: true}
	agreed, err := handshake.Propose(ctx, handshake.Spec(), us, handshake.Versions(wallet))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("version:", agreed.Version)
	fmt.Println("duplex:", agreed.Duplex())
	fmt.Println("peer sharing:", agreed.Data.PeerSharing)
	// Output:
	// version: 15
	// duplex: false
	// peer sharing: false
}

// A node of another network refuses, and says why.
func ExampleRefusedError() {
	ctx := context.Background()
	us, peer := pipe.New()
	go handshake.Answer(ctx, handshake.Spec(), peer, handshake.Versions(handshake.Data{Magic: 2}))

	_, err := handshake.Propose(ctx, handshake.Spec(), us, handshake.Versions(handshake.Data{Magic: 1}))
	fmt.Println(err)
	// Output:
	// handshake: the peer refused us: version 15: "network magic 2 here, 1 there"
}
