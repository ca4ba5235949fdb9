package handshake_test

import (
	"context"
	"fmt"
	"net"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// channels returns those for the handshake of both ends of a connection.
func channels() (us, peer *mux.Channel) {
	a, b := net.Pipe()
	dialled, accepted := mux.New(a, mux.Config{}), mux.New(b, mux.Config{})
	return dialled.Handshake(handshake.Spec(), protocol.Initiator), accepted.Handshake(handshake.Spec(), protocol.Responder)
}

// Two nodes agree, of which one does not want to be asked anything.
func ExamplePropose() {
	ctx := context.Background()
	us, peer := channels()
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
	us, peer := channels()
	go handshake.Answer(ctx, handshake.Spec(), peer, handshake.Versions(handshake.Data{Magic: 2}))

	_, err := handshake.Propose(ctx, handshake.Spec(), us, handshake.Versions(handshake.Data{Magic: 1}))
	fmt.Println(err)
	// Output:
	// handshake: the peer refused us: version 15: "network magic 2 here, 1 there"
}
